package hikyaku.server.directory;

/** Why a change was refused; nothing was changed. The message is fit for the operator who asked. */
public abstract sealed class DirectoryException extends Exception {
  private DirectoryException(String message) {
    super(message);
  }

  /** The name or address is taken. */
  public static final class AlreadyExists extends DirectoryException {
    public AlreadyExists(String what) {
      super(what + " already exists");
    }
  }

  /** The domain is not one of ours. */
  public static final class NoSuchDomain extends DirectoryException {
    public NoSuchDomain(String name) {
      super("no domain " + name);
    }
  }

  /** There is no account with this id or address. */
  public static final class NoSuchAccount extends DirectoryException {
    public NoSuchAccount(String which) {
      super("no account " + which);
    }
  }

  /** There is no alias of this address. */
  public static final class NoSuchAlias extends DirectoryException {
    public NoSuchAlias(Address address) {
      super("no alias " + address);
    }
  }

  /** What was given cannot be a domain, an address or a target. */
  public static final class InvalidAddress extends DirectoryException {
    public InvalidAddress(String message) {
      super(message);
    }
  }

  /** The domain still has accounts or aliases. */
  public static final class DomainNotEmpty extends DirectoryException {
    public DomainNotEmpty(String name) {
      super("domain " + name + " still has accounts or aliases");
    }
  }

  /** A password or secret that is empty, too long, or holds control characters. */
  public static final class UnusablePassword extends DirectoryException {
    public UnusablePassword(String message) {
      super(message);
    }
  }

  /** A named limit of {@link DirectoryLimits} would be exceeded. */
  public static final class LimitExceeded extends DirectoryException {
    public LimitExceeded(String message) {
      super(message);
    }
  }
}
