package hikyaku.server.filter;

import hikyaku.mailbox.Delivered;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.store.Append;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What becomes of a message by scripts, for one durability round. An attempt that is repeated comes
 * to the same, under the same keys.
 *
 * @param deliveries for each mailbox once
 * @param alongside what is put into the queue and what scripts remember, with keys of their own
 * @param sent the ids of the mails that are put into the queue
 * @param sealed who sealed what of it goes on to others, for logs: the names of the keys' records
 * @param scripts which scripts ran, what each of them did, and which failed, for logs ({@link
 *     Deeds})
 * @param failures of which accounts are to be told when the round is done ({@link Filter#tell})
 * @param forwarded whether the message itself is among them, so that somebody has it even if no
 *     mailbox takes it
 * @param refusal whether the script of the account that it came for wants it refused; it is to be
 *     told by a reply, or by {@link Filter#refusedByMail}
 */
public record Filed(
    List<Delivery> deliveries,
    List<Append> alongside,
    List<String> sent,
    List<String> sealed,
    List<String> scripts,
    List<Failure> failures,
    boolean forwarded,
    Optional<Refusal> refusal) {
  /** Nobody gets it, and nothing is remembered of it. */
  public static final Filed NOTHING =
      new Filed(
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          List.of(),
          false,
          Optional.empty());

  public Filed {
    deliveries = List.copyOf(deliveries);
    alongside = List.copyOf(alongside);
    sent = List.copyOf(sent);
    sealed = List.copyOf(sealed);
    scripts = List.copyOf(scripts);
    failures = List.copyOf(failures);
  }

  /**
   * Whether somebody has the message, or its script wants it gone.
   *
   * @param delivered what became of the deliveries
   */
  public boolean isAccepted(List<Delivered> delivered) {
    return delivered.isEmpty()
        || forwarded
        || delivered.stream().anyMatch(Delivered.Done.class::isInstance);
  }

  /**
   * What is written with the deliveries. A message that nobody takes comes again, as if it had not
   * been here: its script remembers nothing of it and answers nobody.
   *
   * @param refused deliveries of the round that are not in it, by their places
   * @param first the place of the first of these
   */
  public List<Append> alongside(BitSet refused, int first) {
    int end = first + deliveries.size();
    boolean nobody = first < end && refused.nextClearBit(first) >= end && !forwarded;
    return nobody ? List.of() : alongside;
  }

  /**
   * The failures whose messages are in mailboxes of their accounts.
   *
   * @param delivered what became of the deliveries
   */
  List<Failure> kept(List<Delivered> delivered) {
    Set<String> done = new HashSet<>();
    for (int i = 0; i < deliveries.size(); i++) {
      if (delivered.get(i) instanceof Delivered.Done) {
        done.add(deliveries.get(i).account());
      }
    }
    return failures.stream().filter(each -> done.contains(each.account().id())).toList();
  }

  /** The same with what is sent besides. */
  Filed with(Filed more) {
    List<Append> allAlongside = new ArrayList<>(alongside);
    allAlongside.addAll(more.alongside);
    List<String> allSent = new ArrayList<>(sent);
    allSent.addAll(more.sent);
    List<String> allScripts = new ArrayList<>(scripts);
    allScripts.addAll(more.scripts);
    return new Filed(
        deliveries, allAlongside, allSent, sealed, allScripts, failures, forwarded, refusal);
  }
}
