package hikyaku.server.filter;

import hikyaku.protocol.sieve.ScriptName;

/** What cannot be done with scripts. Messages are safe to show to the account's user. */
public abstract sealed class ScriptException extends Exception {
  private ScriptException(String sentence) {
    super(sentence);
  }

  /** There is no script of this name (RFC 5804 §1.3: NONEXISTENT). */
  public static final class Nonexistent extends ScriptException {
    public Nonexistent() {
      super("there is no script of this name");
    }
  }

  /** The name is taken (ALREADYEXISTS). */
  public static final class AlreadyExists extends ScriptException {
    public AlreadyExists() {
      super("a script of this name exists");
    }
  }

  /** The active script cannot be deleted (ACTIVE). */
  public static final class Active extends ScriptException {
    public Active() {
      super("the active script cannot be deleted");
    }
  }

  /** No script may have this name. */
  public static final class InvalidName extends ScriptException {
    public InvalidName() {
      super("a name has 1 to " + ScriptName.LONGEST + " characters, none of them a control one");
    }
  }

  /** Too many scripts (QUOTA/MAXSCRIPTS). */
  public static final class TooMany extends ScriptException {
    public TooMany() {
      super("an account has at most " + ScriptBook.MOST + " scripts");
    }
  }

  /** Too many octets (QUOTA/MAXSIZE). */
  public static final class TooLarge extends ScriptException {
    public TooLarge(String sentence) {
      super(sentence);
    }
  }

  /** The script is not valid. */
  public static final class Invalid extends ScriptException {
    public Invalid(String sentence) {
      super(sentence);
    }
  }
}
