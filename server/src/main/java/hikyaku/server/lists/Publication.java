package hikyaku.server.lists;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.Intake;
import hikyaku.mailbox.store.Append;
import hikyaku.server.directory.Address;
import java.util.ArrayList;
import java.util.List;

/** What is written when a message goes out to the members of a list. */
final class Publication {
  private final ListBook book;
  private final Distribution distribution;

  Publication(ListBook book, Distribution distribution) {
    this.book = book;
    this.distribution = distribution;
  }

  /** The message with the author that the list gives it. */
  Intake.Received outgoing(
      Address address, MailingList list, Intake.Received message, ByteString prefix, Head head) {
    Intake.Received cleared = head.without(ListFields::isOurs);
    return list.settings().from() == AuthorField.REWRITE_IF_NEEDED
            && distribution.isSuspected(address, list, cleared, prefix)
        ? OtherAuthor.of(address, list, message, head)
        : cleared;
  }

  /**
   * An entry of the queue for each member, and one of the list for the post.
   *
   * @param held the id of the message if it waited, else empty
   */
  Distribution.Mailing round(
      Address address, MailingList list, Distribution.Post post, String held) {
    Distribution.Mailing mailing = distribution.toMembers(address, list, post);
    List<Append> round = new ArrayList<>(mailing.round());
    int members = round.size();
    round.add(book.event(address, ListBook.posted(post.transaction(), members, held), post.key()));
    return new Distribution.Mailing(round, mailing.signed(), mailing.sealed());
  }
}
