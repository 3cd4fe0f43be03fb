package hikyaku.protocol.managesieve;

import org.jspecify.annotations.Nullable;

/** A command (RFC 5804 §2). Scripts are octets as they came. */
public sealed interface Command extends Request {
  Keyword keyword();

  /**
   * §2.1.
   *
   * @param mechanism in upper case
   * @param initialResponse in base64; null if nothing came
   */
  record Authenticate(String mechanism, byte @Nullable [] initialResponse) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.AUTHENTICATE;
    }

    @Override
    public String toString() {
      return "Authenticate[" + mechanism + "]";
    }
  }

  /** §2.4. */
  record Capability() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.CAPABILITY;
    }
  }

  /** §2.12. */
  record CheckScript(byte[] script) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.CHECKSCRIPT;
    }
  }

  /** §2.10. */
  record DeleteScript(String name) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.DELETESCRIPT;
    }
  }

  /** §2.9. */
  record GetScript(String name) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.GETSCRIPT;
    }
  }

  /** §2.5. */
  record HaveSpace(String name, long octets) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.HAVESPACE;
    }
  }

  /** §2.7. */
  record ListScripts() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.LISTSCRIPTS;
    }
  }

  /** §2.3. */
  record Logout() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.LOGOUT;
    }
  }

  /**
   * §2.13.
   *
   * @param tag to be sent back; null if there was none
   */
  record Noop(@Nullable String tag) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.NOOP;
    }
  }

  /** §2.6. */
  record PutScript(String name, byte[] script) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.PUTSCRIPT;
    }
  }

  /** §2.11. */
  record RenameScript(String from, String to) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.RENAMESCRIPT;
    }
  }

  /**
   * §2.8.
   *
   * @param name empty for none
   */
  record SetActive(String name) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.SETACTIVE;
    }
  }

  /** §2.2. */
  record StartTls() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.STARTTLS;
    }
  }

  /** §2.14.1. */
  record Unauthenticate() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.UNAUTHENTICATE;
    }
  }
}
