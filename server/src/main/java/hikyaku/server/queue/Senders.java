package hikyaku.server.queue;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Attempt;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.MailStore;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.protocol.smtp.ReversePath;
import hikyaku.server.directory.Account;
import hikyaku.server.directory.Directory;
import hikyaku.server.directory.Resolution;
import hikyaku.server.dkim.Signer;
import hikyaku.server.sending.Allowance;
import hikyaku.server.sending.Allowance.Window;
import hikyaku.server.sending.Ledger;
import hikyaku.server.sending.SendingBook;
import hikyaku.server.sending.SendingSettings;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose mail goes out, and whether it may: limits on recipients, and accounts that are stopped
 * because somebody else seems to have their password. What such an account has in the queue is
 * held, and the postmaster is told.
 */
public final class Senders {
  private static final Logger LOG = LoggerFactory.getLogger(Senders.class);

  private final String host;
  private final SendingSettings settings;
  private final SendingBook book;
  private final Allowance allowance;
  private final QueueView queue;
  private final Mailboxes mailboxes;
  private final Directory directory;
  private final Signer signer;
  private final MeterRegistry meters;
  private final InstantSource clock;

  /**
   * @param host our name in mail to the postmaster
   * @param queue holds what a stopped account has sent
   * @param signer signs mail to the postmaster
   */
  public Senders(
      String host,
      SendingSettings settings,
      SendingBook book,
      Allowance allowance,
      QueueView queue,
      MailStore mail,
      Directory directory,
      Signer signer,
      MeterRegistry meters,
      InstantSource clock) {
    this.host = host;
    this.settings = settings;
    this.book = book;
    this.allowance = allowance;
    this.queue = queue;
    this.mailboxes = new Mailboxes(mail, directory, ListDoor.NONE);
    this.directory = directory;
    this.signer = signer;
    this.meters = meters;
    this.clock = clock;
  }

  /** Why an account may not send to one more. */
  public sealed interface Refusal {
    /** It is stopped. */
    record Stopped() implements Refusal {}

    /** It has sent to as many as it may. */
    record Spent(Window window, long most) implements Refusal {}
  }

  /**
   * Why an account may not send to somebody more; nothing if it may.
   *
   * @param recipients of the transaction under way, with the one in question
   */
  public Optional<Refusal> refusal(Account account, int recipients) {
    Ledger ledger = book.ledger(account.id());
    if (ledger.stopped().isPresent()) {
      refused("stopped");
      return Optional.of(new Refusal.Stopped());
    }
    Instant now = clock.instant();
    for (Window window : Window.values()) {
      OptionalLong most = allowance.most(account.primary(), window);
      if (most.isPresent() && ledger.sent(window.length(), now) + recipients > most.getAsLong()) {
        refused(window.name().toLowerCase(Locale.ROOT));
        return Optional.of(new Refusal.Spent(window, most.getAsLong()));
      }
    }
    return Optional.empty();
  }

  /** Whether an account may not even write to mailing lists, which send on what it writes. */
  public boolean isStopped(Account account) {
    boolean stopped = isStopped(account.id());
    if (stopped) {
      refused("stopped");
    }
    return stopped;
  }

  /**
   * As how many recipients a message to a mailing list counts: those at other servers, also behind
   * lists and aliases among its members, as far as one message counts. What is one post to a list
   * of many must not look like a stolen account.
   *
   * @param lists tell whom they send it to
   */
  public int ofList(Resolution.Listed list, ListDoor lists) {
    return new ListReach(directory, lists, settings.listMembers()).of(list);
  }

  private void refused(String cause) {
    meters.counter("hikyaku.sending.refused", "cause", cause).increment();
  }

  /**
   * What counts a message's recipients, for the round that accepts it.
   *
   * @param key for repeats of the round; null if there can be none
   */
  public Append counted(Account account, int recipients, @Nullable String key) {
    return book.sent(account.id(), recipients, key);
  }

  /** To be called when a message of an account was accepted: it may have been one too many. */
  public void accepted(Account account) {
    suspect(account, book.ledger(account.id()));
  }

  /** Whether a message must not go out now, as whose it is, or whose script's, is stopped. */
  boolean holds(Outgoing message) {
    return isStopped(message.account()) || isStopped(message.script());
  }

  private boolean isStopped(String account) {
    return !account.isEmpty() && book.ledger(account).stopped().isPresent();
  }

  /**
   * Recipients of an account's mail were refused for good, or given up.
   *
   * @param id the account's
   * @param key for repeats
   */
  void failed(String id, int recipients, String key) {
    book.failed(id, recipients, key);
    directory.account(id).ifPresent(account -> suspect(account, book.ledger(id)));
  }

  private void suspect(Account account, Ledger ledger) {
    Optional<String> reason = ledger.suspicion(settings, clock.instant());
    if (reason.isPresent() && book.stop(account.id(), ledger, reason.get())) {
      meters.counter("hikyaku.sending.stopped").increment();
      stopped(account, reason.get());
    }
  }

  /**
   * Stops an account, as an operator wants it.
   *
   * @return how many messages are held
   */
  public long stop(Account account, String reason) {
    Ledger ledger = book.ledger(account.id());
    while (!book.stop(account.id(), ledger, reason)) {
      ledger = book.ledger(account.id());
    }
    long held = hold(account, OrderStory.ADMINISTRATOR + ", who stopped the account");
    LOG.atInfo()
        .addKeyValue("mail", true)
        .addKeyValue("account", account.primary())
        .addKeyValue("reason", reason)
        .addKeyValue("held", held)
        .log("an account was stopped by the administrator");
    return held;
  }

  private long hold(Account account, String by) {
    return queue.order(Order.HOLD, QueueView.Filter.ofAccount(account.id(), false), by).messages();
  }

  /**
   * Lets an account send again.
   *
   * @return how many messages that were held go on
   */
  public long resume(Account account) {
    book.resume(account.id());
    long released =
        queue
            .order(
                Order.RELEASE,
                QueueView.Filter.ofAccount(account.id(), true),
                OrderStory.ADMINISTRATOR + ", who lets the account send again")
            .messages();
    LOG.atInfo()
        .addKeyValue("mail", true)
        .addKeyValue("account", account.primary())
        .addKeyValue("released", released)
        .log("an account may send again");
    return released;
  }

  private void stopped(Account account, String reason) {
    long held = hold(account, OrderStory.STOP);
    LOG.atWarn()
        .addKeyValue("mail", true)
        .addKeyValue("account", account.primary())
        .addKeyValue("reason", reason)
        .addKeyValue("held", held)
        .log("an account was stopped: somebody else may have its password");
    if (directory.resolvePostmaster() instanceof Resolution.Local postmaster) {
      tell(postmaster, account, reason, held);
    } else {
      LOG.atWarn()
          .addKeyValue("account", account.primary())
          .log("there is no postmaster who could be told");
    }
  }

  private void tell(Resolution.Local postmaster, Account account, String reason, long held) {
    Instant now = clock.instant();
    String key = "stopped." + account.id() + "." + now.toEpochMilli();
    String text =
        """
        From: Mail Delivery System <postmaster@%1$s>
        To: <postmaster@%1$s>
        Subject: %2$s was stopped from sending
        Date: %3$s
        Message-ID: <%4$s@%1$s>
        Auto-Submitted: auto-generated
        MIME-Version: 1.0
        Content-Type: text/plain; charset=utf-8
        Content-Transfer-Encoding: 8bit

        The account %2$s was stopped from sending to other servers:
        %5$s.

        Somebody else may have its password. %6$d of its messages wait and are held,
        those of its scripts too; more are refused for now, and its scripts send
        nothing. Mail to the account is not affected: it is kept.

            hikyaku sending show %2$s
            hikyaku queue list --account %2$s
            hikyaku sieve list %2$s
            hikyaku account passwd %2$s
            hikyaku sending release %2$s

        The last one lets it send again, with what is held; 'hikyaku queue delete'
        gets rid of what should not go out. A script may be the doing of whoever had
        the password: look at it first.
        """
            .formatted(host, account.primary(), Report.date(now), key, reason, held)
            .replace("\n", "\r\n");
    try (Intake intake = mailboxes.mail().intake()) {
      byte[] octets = text.getBytes(UTF_8);
      intake.write(octets, 0, octets.length);
      Intake.Received letter = intake.finish();
      mailboxes.put(
          letter,
          postmaster,
          new Mailboxes.Way(
              ReversePath.NULL,
              new Mailbox("postmaster", host),
              false,
              Outgoing.Tls.USUAL,
              "",
              "",
              ByteString.copyFromUtf8(mailboxes.signed(letter, signer, host).fields())),
          now,
          Attempt.repeat(key));
    }
  }
}
