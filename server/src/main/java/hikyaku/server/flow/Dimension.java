package hikyaku.server.flow;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What of a subject is limited. */
public enum Dimension {
  /** Sessions at one time. 0 lets nobody in. */
  SESSIONS("sessions", 0),
  /** New sessions a second. */
  NEW("new", 1),
  /** Commands a second. */
  COMMANDS("commands", 1),
  /** Octets a second from clients, as they come over the network. */
  RECEIVED("octets-in", 1024),
  /** Octets a second to clients. */
  SENT("octets-out", 1024),
  /** Recipients at other servers that an account sends to in an hour; in a day. 0 for none. */
  RECIPIENTS_HOUR("recipients-hour", 0),
  RECIPIENTS_DAY("recipients-day", 0);

  /** Seconds of a rate that may be used at once where nothing else was said. */
  static final int BURST_SECONDS = 5;

  private final String label;
  private final long least;

  Dimension(String label, long least) {
    this.label = label;
    this.least = least;
  }

  /** As an operator types it. */
  public String label() {
    return label;
  }

  /** The smallest value that makes sense: below, sessions would only time out. */
  public long least() {
    return least;
  }

  /** Whether it is so much a second. */
  public boolean isRate() {
    return this != SESSIONS && !isOfAccounts();
  }

  /** Whether only accounts have it. */
  public boolean isOfAccounts() {
    return this == RECIPIENTS_HOUR || this == RECIPIENTS_DAY;
  }

  /**
   * Reads a {@link #label}.
   *
   * @throws IllegalArgumentException with a sentence for the operator
   */
  public static Dimension parse(String label) {
    return Arrays.stream(values())
        .filter(dimension -> dimension.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no limit on \""
                    + label
                    + "\"; there are limits on "
                    + Arrays.stream(values())
                        .map(Dimension::label)
                        .collect(Collectors.joining(", "))));
  }
}
