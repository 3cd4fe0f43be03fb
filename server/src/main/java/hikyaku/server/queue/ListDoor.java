package hikyaku.server.queue;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Reply;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Sealer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What becomes of mail for mailing lists. Safe for use by many threads. */
public interface ListDoor {
  /** There are none. */
  ListDoor NONE =
      new ListDoor() {
        private static final Reply NOBODY = Reply.of(550, "5.1.1", "No such user here");

        @Override
        public Optional<Reply> refusal(Resolution.Listed to, ReversePath from, boolean provable) {
          return Optional.of(NOBODY);
        }

        @Override
        public Taken take(Arrival arrival) {
          return new Taken.Refused(NOBODY, "there are no mailing lists");
        }

        @Override
        public Stream<Address> reached(Resolution.Listed to) {
          return Stream.of();
        }
      };

  /**
   * Why mail cannot come at all, as far as its envelope says.
   *
   * @param provable whether it may turn out who sends it: somebody is logged in, or it is found out
   *     whom the message is from
   */
  Optional<Reply> refusal(Resolution.Listed to, ReversePath from, boolean provable);

  /**
   * What a message leads to.
   *
   * @throws hikyaku.mailbox.store.StoreException if that cannot be said now
   */
  Taken take(Arrival arrival);

  /** Whom a message may go on to. */
  Stream<Address> reached(Resolution.Listed to);

  /**
   * A message for a list.
   *
   * @param proven addresses that whoever sends it certainly writes under
   * @param doubtful whether it seems to be from somebody else than it says
   * @param prefix the trace of its way, to be put before it
   * @param tls what its sender wants
   * @param account the id of the account that wrote it; empty if it is none's
   * @param key names the attempt to take it, also where it is repeated
   * @param found what is to be sealed where it is sent on: what was found when it came
   */
  record Arrival(
      Resolution.Listed to,
      ReversePath from,
      Set<Address> proven,
      boolean doubtful,
      Intake.Received message,
      ByteString prefix,
      String transaction,
      String session,
      boolean smtpUtf8,
      boolean binary,
      Outgoing.Tls tls,
      String account,
      String key,
      Optional<Sealer.Arrival> found) {
    public Arrival {
      proven = Set.copyOf(proven);
    }
  }

  /** What came of it. */
  sealed interface Taken {
    /**
     * It is taken once this is durable.
     *
     * @param round with keys of their own, and none that can conflict
     * @param as what was done with it, for logs
     */
    record Accepted(List<Append> round, String as) implements Taken {
      public Accepted {
        round = List.copyOf(round);
      }
    }

    /**
     * @param cause for our log
     */
    record Refused(Reply reply, String cause) implements Taken {}
  }
}
