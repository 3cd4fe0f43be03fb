package hikyaku.server.lists;

import hikyaku.protocol.smtp.Reply;

/** Why lists do not take a message (RFC 3463). */
final class Refusals {
  static final Reply NOT_FOR_YOU =
      Reply.of(550, "5.7.2", "You are not among those who may write to this list");
  static final Reply AUTOMATIC = Reply.of(550, "5.7.1", "Automatic mail is not for this address");
  static final Reply NO_SUCH = Reply.of(550, "5.1.1", "No such user here");
  static final Reply HEADER_TOO_LONG = Reply.of(552, "5.3.4", "Header too long for a mailing list");
  static final Reply NOT_OPEN =
      Reply.of(550, "5.7.2", "The owners of this list say who is on it; write to them");
  static final Reply NOT_PROVEN =
      Reply.of(550, "5.7.1", "It is not sure whose address this is; write to the list's owners");
  static final Reply NOT_A_REQUEST =
      Reply.of(550, "5.7.1", "This address does not know what you mean, or not any more");
  static final Reply LOOP = Reply.of(554, "5.4.6", "Mail loop");
  static final Reply TOO_BIG = Reply.of(552, "5.3.4", "Too big for this mailing list");
  static final Reply TOO_MANY_WAIT =
      Reply.of(452, "4.3.1", "Too many messages wait for the moderators of this list, try later");
  static final Reply FULL = Reply.of(452, "4.3.1", "This list is full, try later");

  private Refusals() {}

  /** A moderator comes too late. */
  static Reply decided(Decision before) {
    return Reply.of(550, "5.7.1", "Too late: " + before.told());
  }
}
