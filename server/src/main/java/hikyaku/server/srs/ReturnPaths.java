package hikyaku.server.srs;

import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;

/** Senders of mail that is sent on. Safe for use by many threads. */
public interface ReturnPaths {
  /** Changes nobody's sender, and knows of none that was changed. */
  ReturnPaths NONE =
      new ReturnPaths() {
        @Override
        public ReversePath onward(ReversePath sender, Address account) {
          return sender;
        }

        @Override
        public Behind behind(Mailbox address) {
          return new Behind.None();
        }
      };

  /**
   * The sender under which mail goes on to another service.
   *
   * @param sender under whom it came
   * @param account who sends it on
   */
  ReversePath onward(ReversePath sender, Address account);

  /** Whom reports to an address are for. */
  Behind behind(Mailbox address);

  /** Who was the sender. */
  default ReversePath author(ReversePath sender) {
    return sender instanceof Mailbox mailbox && behind(mailbox) instanceof Behind.Author(Mailbox of)
        ? of
        : sender;
  }

  /** What is behind an address. */
  sealed interface Behind {
    /** The sender that was there before: the author's, or that of who sent it on before us. */
    record Author(Mailbox address) implements Behind {}

    /** It is no return path of ours. */
    record None() implements Behind {}

    /** It looks like one, and was not made here. */
    record Forged() implements Behind {}

    /** It was made here, too long ago. */
    record Expired() implements Behind {}
  }
}
