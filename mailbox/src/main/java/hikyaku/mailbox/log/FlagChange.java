package hikyaku.mailbox.log;

/** What a STORE does to flags (RFC 9051 §6.4.6). */
public record FlagChange(Operation operation, Flags flags) {
  public enum Operation {
    ADD,
    REMOVE,
    REPLACE
  }

  public static FlagChange add(Flags flags) {
    return new FlagChange(Operation.ADD, flags);
  }

  public static FlagChange remove(Flags flags) {
    return new FlagChange(Operation.REMOVE, flags);
  }

  public static FlagChange replace(Flags flags) {
    return new FlagChange(Operation.REPLACE, flags);
  }

  public Flags apply(Flags before) {
    return switch (operation) {
      case ADD -> before.plus(flags);
      case REMOVE -> before.minus(flags);
      case REPLACE -> flags;
    };
  }
}
