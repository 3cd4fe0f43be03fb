package hikyaku.protocol.pop3;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A well-formed command. Message numbers are as the client wrote them: whether such a message
 * exists is not a matter of grammar. A number too large for an {@code int} has become {@link
 * Integer#MAX_VALUE}, which no maildrop reaches.
 */
public sealed interface Command extends Parsed {
  Keyword keyword();

  /**
   * USER (RFC 1939 §7).
   *
   * @param name in UTF-8 (RFC 6856 §2.2), not prepared in any way
   */
  record User(String name) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.USER;
    }
  }

  /**
   * PASS (RFC 1939 §7). Its argument is everything after the one space, further spaces included.
   *
   * @param password in UTF-8, not prepared in any way
   */
  record Pass(String password) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.PASS;
    }

    @Override
    public String toString() {
      return "Pass[password=***]";
    }
  }

  /**
   * APOP (RFC 1939 §7).
   *
   * @param digest 32 lower-case hexadecimal digits
   */
  record Apop(String name, String digest) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.APOP;
    }

    @Override
    public String toString() {
      return "Apop[name=" + name + ", digest=***]";
    }
  }

  /**
   * AUTH with a mechanism (RFC 5034 §4).
   *
   * @param mechanism in upper case
   * @param initialResponse decoded; empty for "=", null if there was none
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared; copied by nobody.
  record Auth(String mechanism, byte @Nullable [] initialResponse) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.AUTH;
    }

    @Override
    public String toString() {
      return "Auth[mechanism=" + mechanism + (initialResponse == null ? "]" : ", ***]");
    }
  }

  /**
   * AUTH alone: which mechanisms are there? In no RFC any more, but old clients ask so instead of
   * by CAPA.
   */
  record Mechanisms() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.AUTH;
    }
  }

  /** STLS (RFC 2595 §4). */
  record Stls() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.STLS;
    }
  }

  /** CAPA (RFC 2449 §5). */
  record Capa() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.CAPA;
    }
  }

  /**
   * LANG (RFC 6856 §3).
   *
   * @param tag a language tag as written, "*" for the server's choice, or null to ask for the list
   */
  record Lang(@Nullable String tag) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.LANG;
    }
  }

  /** UTF8 (RFC 6856 §2.1). */
  record Utf8() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.UTF8;
    }
  }

  /** STAT (RFC 1939 §5). */
  record Stat() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.STAT;
    }
  }

  /** LIST, of one message or all (RFC 1939 §5). */
  record List(OptionalInt message) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.LIST;
    }
  }

  /** RETR (RFC 1939 §5). */
  record Retr(int message) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.RETR;
    }
  }

  /** DELE (RFC 1939 §5). */
  record Dele(int message) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.DELE;
    }
  }

  /** NOOP (RFC 1939 §5). */
  record Noop() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.NOOP;
    }
  }

  /** RSET (RFC 1939 §5). */
  record Rset() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.RSET;
    }
  }

  /**
   * TOP (RFC 1939 §7).
   *
   * @param lines of the body, none or more
   */
  record Top(int message, int lines) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.TOP;
    }
  }

  /** UIDL, of one message or all (RFC 1939 §7). */
  record Uidl(OptionalInt message) implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.UIDL;
    }
  }

  /** QUIT (RFC 1939 §4, §6). */
  record Quit() implements Command {
    @Override
    public Keyword keyword() {
      return Keyword.QUIT;
    }
  }
}
