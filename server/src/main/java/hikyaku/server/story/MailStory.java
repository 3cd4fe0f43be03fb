package hikyaku.server.story;

import hikyaku.mailbox.log.NewMessage;
import hikyaku.mailbox.log.UidSet;
import hikyaku.mailbox.store.StoreException;
import hikyaku.mailbox.view.Copied;
import hikyaku.mailbox.view.Mailbox;
import hikyaku.mailbox.view.MailboxState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Lines about messages that sessions put into mailboxes, copied, moved or took away. {@code hikyaku
 * trace} finds them by Message-ID in the journal. Of what one command does to very many messages,
 * all are counted and the first are named.
 */
public final class MailStory {
  /** Messages that one line names. */
  public static final int NAMED = 20;

  /** Characters of a Message-ID. */
  private static final int LONGEST_ID = 250;

  private static final Pattern UNPRINTABLE = Pattern.compile("[^ -~]");

  private final Logger log;
  private final String session;

  /**
   * @param session the id of the one that does it
   */
  public MailStory(Logger log, String session) {
    this.log = log;
    this.session = session;
  }

  /**
   * A folder.
   *
   * @param owner the address of whose it is
   */
  public record Place(String owner, String folder) {
    String at(long uid) {
      return owner + " " + folder + " " + uid;
    }
  }

  /**
   * A folder with messages that it has, or had.
   *
   * @param seen in which they are
   */
  public record Origin(Place place, Mailbox mailbox, MailboxState seen) {}

  /** Messages came from the client. */
  public void appended(List<NewMessage> messages, Place into, UidSet uids) {
    line(messages.size())
        .addKeyValue("into", at(into, uids))
        .addKeyValue("octets", messages.stream().mapToLong(each -> each.blob().size()).sum())
        .addKeyValue("message_id", messages.stream().limit(NAMED).map(MailStory::id).toList())
        .log("message appended");
  }

  /** They are in another place as well. */
  public void copied(Origin from, Place into, Copied copied) {
    between(from, into, copied, "message copied");
  }

  /** They are in another place instead. */
  public void moved(Origin from, Place into, Copied moved) {
    between(from, into, moved, "message moved");
  }

  private void between(Origin from, Place into, Copied copied, String what) {
    if (log.isDebugEnabled() && !copied.from().isEmpty()) {
      withIds(line(copied.from().size()), from, copied.from())
          .addKeyValue("of", at(from.place, copied.from()))
          .addKeyValue("into", at(into, copied.to()))
          .log(what);
    }
  }

  /** They are there no more. */
  public void removed(Origin from, UidSet uids) {
    if (log.isDebugEnabled() && !uids.isEmpty()) {
      withIds(line(uids.size()), from, uids)
          .addKeyValue("of", at(from.place, uids))
          .log("message removed");
    }
  }

  private LoggingEventBuilder line(long messages) {
    return log.atDebug()
        .addKeyValue("session", session)
        .addKeyValue("mail", true)
        .addKeyValue("messages", messages);
  }

  /** What was done is done: if the store cannot name the messages now, the line says why. */
  private static LoggingEventBuilder withIds(LoggingEventBuilder line, Origin from, UidSet uids) {
    try {
      return line.addKeyValue("message_id", ids(from, uids));
    } catch (StoreException e) {
      return line.addKeyValue("unnamed", e.getClass().getSimpleName());
    }
  }

  private static List<String> ids(Origin from, UidSet uids) {
    int[] indexes =
        Arrays.stream(first(uids))
            .mapToInt(from.seen::indexOf)
            .filter(index -> index >= 0)
            .toArray();
    List<String> ids = new ArrayList<>();
    try {
      from.mailbox
          .messages()
          .read(from.seen, indexes, (_, message) -> ids.add(id(message.message())));
    } catch (IOException e) {
      // Only the action above could throw it.
      throw new UncheckedIOException(e);
    }
    return ids;
  }

  private static List<String> at(Place place, UidSet uids) {
    return Arrays.stream(first(uids)).mapToObj(place::at).toList();
  }

  private static long[] first(UidSet uids) {
    return uids.ranges().stream()
        .flatMapToLong(range -> LongStream.rangeClosed(range.first(), range.last()))
        .limit(NAMED)
        .toArray();
  }

  private static String id(NewMessage message) {
    return printable(message.structure().envelope().messageId());
  }

  /** A Message-ID as lines have it: of bounded length, in printable ASCII; empty for none. */
  public static String printable(@Nullable String messageId) {
    if (messageId == null) {
      return "";
    }
    String cut = messageId.substring(0, Math.min(LONGEST_ID, messageId.length()));
    return UNPRINTABLE.matcher(cut).replaceAll("?");
  }
}
