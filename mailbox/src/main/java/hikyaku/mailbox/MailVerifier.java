package hikyaku.mailbox;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.account.AccountMail;
import hikyaku.mailbox.account.Folder;
import hikyaku.mailbox.account.FolderTree;
import hikyaku.mailbox.account.Sharing;
import hikyaku.mailbox.store.Head;
import hikyaku.mailbox.store.LogName;
import hikyaku.mailbox.store.Store;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import hikyaku.mailbox.view.StoredMessage;
import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.MimeParser;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Checks what the store cannot know: that folder trees and mailboxes fold, agree with their heads
 * and with each other, and that what was computed of each message at arrival is what its octets
 * say.
 */
public final class MailVerifier {
  private static final int PAGE = 1_000;

  private final Store store;
  private final MailStore mail;
  private final Consumer<String> problems;
  private long accounts;
  private long mailboxes;
  private long messages;
  private long leftovers;

  private MailVerifier(Store store, MailStore mail, Consumer<String> problems) {
    this.store = store;
    this.mail = mail;
    this.problems = problems;
  }

  /**
   * What was looked at.
   *
   * @param leftovers mailboxes whose deletion a crash cut short; harmless, and the next
   *     housekeeping ends it
   */
  public record Verified(long accounts, long mailboxes, long messages, long leftovers) {}

  /**
   * Reads all mail, with folds of its own made from nothing.
   *
   * @param problems told of each violation, in words for an operator
   */
  public static Verified verify(
      Store store, java.time.Clock clock, MailboxLimits limits, Consumer<String> problems) {
    try (MailStore fresh = new MailStore(store, clock, limits)) {
      MailVerifier verifier = new MailVerifier(store, fresh, problems);
      verifier.accounts();
      verifier.sharing();
      verifier.leftovers();
      return new Verified(
          verifier.accounts, verifier.mailboxes, verifier.messages, verifier.leftovers);
    }
  }

  private void accounts() {
    forEachLog(
        "folders/",
        (log, head) -> {
          accounts++;
          String account = log.value().substring("folders/".length());
          try {
            verifyAccount(account);
          } catch (StoreException | MailboxException e) {
            problems.accept(log + ": " + e.getMessage());
          }
        });
  }

  private void sharing() {
    forEachLog(
        "sharing/",
        (log, head) -> {
          String whom = log.value().substring("sharing/".length());
          try {
            int _ = new Sharing(whom, store.logs(), mail.limits()).owners().size();
          } catch (StoreException e) {
            problems.accept(log + ": " + e.getMessage());
          }
        });
  }

  private void verifyAccount(String account) {
    AccountMail accountMail = mail.account(account);
    FolderTree tree = accountMail.tree();
    tree.inbox();
    Map<Long, String> ids = new HashMap<>();
    for (Folder folder : tree.folders()) {
      String other = ids.put(folder.id(), folder.name());
      if (other != null) {
        problems.accept(
            accountMail.log() + ": " + folder.name() + " and " + other + " are one mailbox");
      }
      LogName log = AccountMail.mailboxLog(account, folder.id());
      Head head = store.logs().head(log);
      // A folder whose mailbox was never used has no log yet.
      if (head.exists()) {
        try {
          verifyMailbox(folder, log, head);
        } catch (StoreException | MailboxException | IOException e) {
          problems.accept(log + ": " + e.getMessage());
        }
      }
    }
  }

  private void verifyMailbox(Folder folder, LogName log, Head head) throws IOException {
    mailboxes++;
    Mailbox mailbox = mail.mailbox(log);
    MailboxState state = mailbox.refresh();
    if (state.uidValidity() != folder.uidValidity()) {
      problems.accept(log + ": UIDVALIDITY is not that of its folder");
    }
    if (state.seq() == head.seq()) {
      if (state.size() != head.tally().count() || state.octets() != head.tally().octets()) {
        problems.accept(
            "%s: holds %d messages of %d octets, its head says %d of %d"
                .formatted(
                    log,
                    state.size(),
                    state.octets(),
                    head.tally().count(),
                    head.tally().octets()));
      }
      if (state.uidNext() > head.nextId()) {
        problems.accept(log + ": UIDNEXT " + state.uidNext() + " is ahead of its head");
      }
    }
    int[] seen = new int[1];
    mailbox
        .messages()
        .read(
            state,
            IntStream.range(0, state.size()).toArray(),
            (index, stored) -> {
              seen[0]++;
              messages++;
              verifyMessage(mailbox, state, index, stored);
            });
    if (seen[0] != state.size()) {
      problems.accept(log + ": " + (state.size() - seen[0]) + " messages have lost their entries");
    }
  }

  private void verifyMessage(Mailbox mailbox, MailboxState state, int index, StoredMessage stored) {
    String name = mailbox.log() + " UID " + stored.uid();
    if (stored.uid() != state.uid(index)) {
      problems.accept(name + ": the fold has UID " + state.uid(index));
    }
    if (stored.message().octets() != state.octets(index)) {
      problems.accept(name + ": the fold has another size");
    }
    try (MessageContent content = mailbox.messages().open(stored.message())) {
      if (content.size() != stored.message().octets()) {
        problems.accept(name + ": its blob has another size than its entry says");
      }
      MimeParser parser = new MimeParser();
      content.copy(content.blobOffset(), content.size(), parser);
      MessageStructure structure = completed(parser.finish(), stored.message().prefix());
      if (!structure.equals(stored.message().structure())) {
        problems.accept(name + ": its octets parse otherwise than its entry says");
      }
    } catch (StoreException | IOException e) {
      problems.accept(name + ": " + e.getMessage());
    }
  }

  /**
   * A message submitted without Date or Message-ID got them in its prefix (RFC 6409 §8), and its
   * structure tells of them.
   */
  private static MessageStructure completed(MessageStructure found, ByteString prefix)
      throws IOException {
    Envelope own = found.envelope();
    if (own.date() != null && own.messageId() != null) {
      return found;
    }
    MimeParser parser = new MimeParser();
    parser.write(prefix.toByteArray());
    MessageStructure added = parser.finish();
    String date = own.date();
    String messageId = own.messageId();
    return found.with(
        own.with(
            date == null ? added.envelope().date() : date,
            messageId == null ? added.envelope().messageId() : messageId),
        date == null ? added.sent() : found.sent());
  }

  /** A deletion that a crash cut short leaves a mailbox that no folder leads to. */
  private void leftovers() {
    leftovers = mail.leftovers().size();
  }

  private interface LogAction {
    void accept(LogName log, Head head);
  }

  private void forEachLog(String prefix, LogAction action) {
    @Nullable LogName after = null;
    while (true) {
      SequencedMap<LogName, Head> page = store.logs().list(prefix, after, PAGE);
      page.forEach(action::accept);
      if (page.size() < PAGE) {
        return;
      }
      after = page.lastEntry().getKey();
    }
  }
}
