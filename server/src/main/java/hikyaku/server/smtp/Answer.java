package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import java.util.List;

/**
 * What a command is answered with.
 *
 * @param replies several for the message of an LMTP transaction, none if all has been said
 * @param closes whether the session ends behind them
 */
record Answer(List<Reply> replies, boolean closes) {
  static final Answer NONE = new Answer(List.of(), false);

  /** The session ends here, without a word. */
  static final Answer SILENCE = new Answer(List.of(), true);

  static Answer of(Reply reply) {
    return new Answer(List.of(reply), false);
  }

  static Answer closing(Reply reply) {
    return new Answer(List.of(reply), true);
  }
}
