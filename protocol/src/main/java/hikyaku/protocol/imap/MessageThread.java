package hikyaku.protocol.imap;

import java.util.List;

/** A message with those that answer it (RFC 5256 §4, {@code thread-list}). */
public interface MessageThread {
  /** Message number or UID; 0 for a message that is not there but whose answers are. */
  long number();

  /** The answers, in the order in which they are to be told. */
  List<? extends MessageThread> children();
}
