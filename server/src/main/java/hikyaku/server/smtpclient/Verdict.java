package hikyaku.server.smtpclient;

import hikyaku.protocol.smtp.ServerReply;

/**
 * What has become of a message for one recipient, or of an attempt to reach those who take mail for
 * a domain.
 *
 * @param status an enhanced status code (RFC 3463) for reports
 * @param text what was said, in one line
 * @param from the host that said it; empty if these are our own words
 */
public record Verdict(Kind kind, String status, String text, String from) {
  /** A line of a report has room for no more (RFC 5322 §2.1.1). */
  private static final int LONGEST = 900;

  /** RFC 3463 §3.5, bad connection. */
  private static final String IN_DOUBT = "4.4.2";

  public Verdict {
    text = text.length() > LONGEST ? text.substring(0, LONGEST) : text;
  }

  /** How it ended. */
  public enum Kind {
    /** The next server has taken it. */
    DELIVERED,
    /** Not now. */
    DEFERRED,
    /** Not ever. */
    FAILED
  }

  /** Our own finding that it cannot be done now. */
  public static Verdict deferred(String status, String text) {
    return new Verdict(Kind.DEFERRED, status, text, "");
  }

  /** Our own finding that it cannot be done. */
  public static Verdict failed(String status, String text) {
    return new Verdict(Kind.FAILED, status, text, "");
  }

  /** The session ended, or got out of step, at the message's end: it may have been taken. */
  static Verdict doubtful(String text) {
    return deferred(IN_DOUBT, text);
  }

  /** What a reply means. One that is neither positive nor a refusal is no answer to a command. */
  static Verdict of(ServerReply reply, String host) {
    Kind kind =
        switch (reply.code() / 100) {
          case 2 -> Kind.DELIVERED;
          case 5 -> Kind.FAILED;
          default -> Kind.DEFERRED;
        };
    String general =
        switch (kind) {
          case DELIVERED -> "2.0.0";
          case DEFERRED -> "4.0.0";
          case FAILED -> "5.0.0";
        };
    boolean odd = reply.enhanced() == null || reply.code() / 100 == 3;
    return new Verdict(kind, odd ? general : reply.enhanced() + "", reply.toString(), host);
  }

  /** The same, but not for ever: for a refusal that concerns a server rather than a message. */
  Verdict forNow() {
    return kind == Kind.FAILED
        ? new Verdict(Kind.DEFERRED, "4" + status.substring(1), text, from)
        : this;
  }

  /**
   * The same of a message whose time is over (RFC 2852 §4, RFC 3463 §3.5).
   *
   * @param returned whether it is given up for that
   */
  public Verdict late(boolean returned) {
    String why = "it was to be delivered earlier; " + this;
    return returned ? failed("5.4.7", why) : deferred("4.4.7", why);
  }

  /** Whether it is our own finding that the time that its sender wants cannot be kept. */
  public boolean isUntimely() {
    return from.isEmpty() && (status.equals("5.4.7") || status.equals("5.3.3"));
  }

  /** Whether a host has answered with 4yz, so that it has not taken it. */
  boolean isPutOff() {
    return kind == Kind.DEFERRED && !from.isEmpty() && text.startsWith("4");
  }

  /** Of what a host made of a message: whether it may have taken it all the same. */
  boolean isInDoubt() {
    return kind == Kind.DEFERRED && from.isEmpty() && status.equals(IN_DOUBT);
  }

  public boolean isFinal() {
    return kind != Kind.DEFERRED;
  }

  /** Who said what. */
  @Override
  public String toString() {
    return from.isEmpty() ? text : from + " said: " + text;
  }
}
