package hikyaku.server.queue;

/** What a report tells. */
public enum ReportKind {
  FAILURE("failed"),
  DELAY("delayed"),
  /** To a server that may not tell what becomes of it. */
  RELAYED("relayed"),
  DELIVERED("delivered"),
  /** Some of it was delivered, and some went on. */
  TAKEN("expanded");

  private final String action;

  ReportKind(String action) {
    this.action = action;
  }

  /** RFC 3464 §2.3.3. */
  String action() {
    return action;
  }

  /** Bad news hurries as its message did, good news never (RFC 6710 §4.4). */
  int priority(int ofMessage) {
    return this == FAILURE || this == DELAY ? ofMessage : Math.min(0, ofMessage);
  }
}
