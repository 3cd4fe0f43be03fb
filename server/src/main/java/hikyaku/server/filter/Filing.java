package hikyaku.server.filter;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Delivery;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.log.Flags;
import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.address.MailAddress;
import hikyaku.protocol.sieve.Action;
import hikyaku.protocol.sieve.Outcome;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Resolution;
import hikyaku.server.filter.Redirects.Way;
import hikyaku.server.filter.proto.Remembered;
import hikyaku.server.queue.Outgoing;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;

/** The way of one message through one script, and those of the accounts it is redirected to. */
final class Filing {
  /** Accounts that one message may be redirected to, those included that it is redirected on to. */
  private static final int MOST_REDIRECTED = 20;

  private final Filter filter;
  private final Places places;
  private final String root;
  private final Envelope envelope;
  private final Instant now;
  private final SequencedMap<List<String>, Delivery> deliveries = new LinkedHashMap<>();
  private final List<Append> alongside = new ArrayList<>();
  private final List<String> sent = new ArrayList<>();
  private final Set<String> visited = new HashSet<>();
  private boolean forwarded;

  /**
   * @param root the account that the message came for
   */
  Filing(Filter filter, String root, Envelope envelope) {
    this.filter = filter;
    this.places = new Places(filter.mail());
    this.root = root;
    this.envelope = envelope;
    this.now = filter.mail().clock().instant();
  }

  Filed filed() {
    return new Filed(List.copyOf(deliveries.sequencedValues()), alongside, sent, forwarded);
  }

  /**
   * @param before the accounts whose scripts sent it on to here
   */
  void file(NewMessage message, Resolution.Target target, List<String> before) {
    String account = target.account().id();
    visited.add(account);
    Scripts own = filter.scripts().scripts(account);
    Optional<ByteString> active = own.script(own.active());
    if (active.isEmpty()) {
      add(account, Folder.INBOX, message, Flags.NONE);
      return;
    }
    Outcome outcome = filter.run(active.get(), message, target, envelope);
    Optional<Outcome.Problem> problem = outcome.problem();
    try {
      carryOut(outcome.actions(), message, target, before);
    } catch (Unfit e) {
      add(account, Folder.INBOX, message, Flags.NONE);
      problem = Optional.of(new Outcome.Problem(0, String.valueOf(e.getMessage())));
    }
    problem.ifPresent(why -> filter.failed(target.account(), own.active(), why));
  }

  /** All of them, or none if one cannot be done. */
  private void carryOut(
      List<Action> actions, NewMessage message, Resolution.Target target, List<String> before)
      throws Unfit {
    record Kept(String folder, Flags flags) {}
    List<Kept> kept = new ArrayList<>();
    List<Resolution.Target> further = new ArrayList<>();
    SequencedSet<Mailbox> elsewhere = new LinkedHashSet<>();
    for (Action action : actions) {
      switch (action) {
        case Action.Keep(List<String> flags, boolean _) ->
            kept.add(new Kept(Folder.INBOX, Places.flags(flags)));
        case Action.FileInto into ->
            kept.add(new Kept(places.folder(into, target.account()), Places.flags(into.flags())));
        case Action.Redirect(String address) -> {
          switch (filter.redirects().way(address)) {
            case Way.Nowhere(String why) -> throw new Unfit(why);
            case Way.Elsewhere(Mailbox to) -> elsewhere.add(to);
            case Way.Here(List<Resolution.Target> targets) -> {
              for (Resolution.Target each : targets) {
                check(each, message, before);
                if (each.account().id().equals(target.account().id())) {
                  kept.add(new Kept(Folder.INBOX, Flags.NONE));
                } else {
                  further.add(each);
                }
              }
            }
          }
        }
      }
    }
    if (visited.size() + further.size() > MOST_REDIRECTED) {
      throw new Unfit("the message was redirected to too many addresses");
    }
    if (!elsewhere.isEmpty()) {
      sendOn(message, target, elsewhere);
    }
    kept.forEach(each -> add(target.account().id(), each.folder, message, each.flags));
    List<String> chain = new ArrayList<>(before);
    chain.add(target.account().id());
    for (Resolution.Target each : further) {
      // Whom two scripts redirect to gets it once: he is done with, for he is none of the chain.
      if (!visited.contains(each.account().id())) {
        file(forwarded(message, each), each, chain);
      }
    }
  }

  private void check(Resolution.Target to, NewMessage message, List<String> before) throws Unfit {
    if (hadBefore(message, to) || before.contains(to.account().id())) {
      throw new Unfit(to.reachedBy() + " has had this message before");
    }
    if (places.isFull(to.account(), message)) {
      throw new Unfit("the mailbox of " + to.reachedBy() + " is full");
    }
  }

  private static boolean hadBefore(NewMessage message, Resolution.Target target) {
    return message.structure().deliveredTo().stream()
        .anyMatch(value -> value.strip().equalsIgnoreCase(target.reachedBy().toString()));
  }

  /** Puts the message into the queue, for all these recipients at once. */
  private void sendOn(NewMessage message, Resolution.Target by, SequencedSet<Mailbox> to)
      throws Unfit {
    SieveSettings settings = filter.settings();
    if (message.structure().receivedFields() >= settings.hops()) {
      throw new Unfit("the message has come through too many servers to be sent on");
    }
    String account = by.account().id();
    checkMails(account, to.size());
    String id = id(account);
    Outgoing outgoing = Forwarding.of(id, message, by, envelope, to);
    alongside.add(filter.outbox().append(outgoing).withKey(envelope.key("/r." + account)));
    sent.add(id);
    forwarded = true;
    List<Remembered> remembered = new ArrayList<>();
    for (Mailbox each : to) {
      remembered.add(
          MemoryBook.sent(
              Memory.what("sent", envelope.key(), each.toString()),
              now.plus(SieveSettings.COUNTED),
              envelope.key()));
    }
    remember(account, remembered);
  }

  /** An account's mails in the hour that ends now, those of this attempt not counted. */
  private void checkMails(String account, int more) throws Unfit {
    int most = filter.settings().mailsPerHour();
    if (filter.memories().memory(account).sent(now, envelope.key()) + more > most) {
      throw new Unfit("the scripts of an account send at most " + most + " mails in an hour");
    }
  }

  private void remember(String account, List<Remembered> what) {
    alongside.add(filter.memories().append(account, what, envelope.key("/m." + of(account))));
  }

  /** Names a mail of an account's script: unique, since it runs once for each way to it. */
  private String id(String account) {
    return envelope.transaction() + "." + of(account);
  }

  private String of(String account) {
    return account.equals(root) ? account : account + "." + root;
  }

  /** The message with one more step in its trace, below the Return-Path (RFC 9228 §4). */
  private static NewMessage forwarded(NewMessage message, Resolution.Target target) {
    String fields = message.prefix().toStringUtf8();
    int first = fields.startsWith("Return-Path:") ? fields.indexOf("\r\n") + 2 : 0;
    String step =
        "Delivered-To: "
            + new MailAddress(target.reachedBy().localPart(), target.reachedBy().domain())
            + "\r\n";
    return new NewMessage(
        ByteString.copyFromUtf8(fields.substring(0, first) + step + fields.substring(first)),
        message.blob(),
        message.internalDate(),
        message.flags(),
        message.structure(),
        message.session());
  }

  private void add(String account, String folder, NewMessage message, Flags flags) {
    deliveries.merge(
        List.of(account, folder),
        new Delivery(account, folder, message.with(flags)),
        (before, again) ->
            new Delivery(
                account, folder, before.message().with(before.message().flags().plus(flags))));
  }
}
