package hikyaku.server.smtp;

import hikyaku.protocol.smtp.Reply;
import hikyaku.server.sending.Allowance;
import java.time.Duration;

/** The replies that do not depend on anything, each with its reason where that is not plain. */
final class Replies {
  private Replies() {}

  // Success
  static final Reply OK = Reply.of(250, "2.0.0", "OK");
  static final Reply SENDER_OK = Reply.of(250, "2.1.0", "Sender OK");
  static final Reply RECIPIENT_OK = Reply.of(250, "2.1.5", "Recipient OK");
  static final Reply BYE = Reply.of(221, "2.0.0", "Bye");
  static final Reply TLS_READY = Reply.of(220, "2.0.0", "Ready to start TLS");
  static final Reply LOGGED_IN = Reply.of(235, "2.7.0", "Authentication succeeded");
  static final Reply CHUNK_OK = Reply.of(250, "2.0.0", "Chunk received");
  static final Reply CANNOT_VERIFY =
      Reply.of(252, "2.0.0", "Cannot verify, but will take mail for local users");
  static final Reply GO_AHEAD = Reply.plain(354, "End data with <CR><LF>.<CR><LF>");

  // Sequence and grammar
  static final Reply UNKNOWN_COMMAND = Reply.of(500, "5.5.1", "Command not recognized");
  static final Reply NOT_IMPLEMENTED = Reply.of(502, "5.5.1", "Command not implemented");
  static final Reply LINE_TOO_LONG = Reply.of(500, "5.5.6", "Line too long");
  static final Reply BARE_LINE_ENDING =
      Reply.of(500, "5.5.2", "Lines must end with CR and LF and hold neither elsewhere");
  static final Reply SAY_EHLO = Reply.of(503, "5.5.1", "Say EHLO first");
  static final Reply SAY_LHLO = Reply.of(503, "5.5.1", "Say LHLO first");
  static final Reply SAY_MAIL = Reply.of(503, "5.5.1", "MAIL first");
  static final Reply SAY_RCPT = Reply.of(503, "5.5.1", "RCPT first");
  static final Reply NO_VALID_RECIPIENTS = Reply.of(503, "5.5.1", "No valid recipients");
  static final Reply ALREADY_MAIL = Reply.of(503, "5.5.1", "A transaction is under way");
  static final Reply CHUNKS_BEGUN = Reply.of(503, "5.5.1", "Not behind BDAT");
  static final Reply BINARY_NEEDS_BDAT = Reply.of(503, "5.5.1", "BINARYMIME needs BDAT");
  static final Reply NOT_PIPELINED =
      Reply.of(
          554, "5.5.0", "Input was sent without waiting for a reply that had to be waited for");
  static final Reply NO_WEB_SERVER =
      Reply.of(554, "5.5.1", "This is a mail server, not a web server");
  static final Reply PARAMETER_NOT_OFFERED =
      Reply.of(555, "5.5.4", "Parameter of an extension that is not offered here");

  // Held mail
  static final Reply HELD_UNTIL_NOW =
      Reply.of(501, "5.5.4", "The time until which to hold the message is over");

  static final Reply LATE_AT_RELEASE =
      Reply.of(501, "5.5.4", "The message would be late when it is released");

  /** Longer than EHLO said (RFC 4865 §4). */
  static Reply heldTooLong(Duration longest) {
    return Reply.of(
        501, "5.5.4", "A message is held for " + longest.toSeconds() + " seconds at most");
  }

  // Login
  static final Reply LOGIN_FIRST = Reply.of(530, "5.7.0", "Authentication required");
  static final Reply LOGGED_IN_ALREADY = Reply.of(503, "5.5.1", "Already authenticated");
  static final Reply LOGIN_CANCELLED = Reply.of(501, "5.7.0", "Authentication cancelled");
  static final Reply NO_SUCH_MECHANISM =
      Reply.of(504, "5.5.4", "Authentication mechanism not known");
  static final Reply NOT_BASE64 = Reply.of(501, "5.5.2", "Not base64");
  static final Reply TLS_ON = Reply.of(503, "5.5.1", "TLS is on already");

  // Senders and recipients
  static final Reply NEEDS_SMTPUTF8 = Reply.of(553, "5.6.7", "Address beyond ASCII needs SMTPUTF8");

  /** RFC 6531 §3.5 has another code for a sender. */
  static final Reply SENDER_NEEDS_SMTPUTF8 =
      Reply.of(550, "5.6.7", "Address beyond ASCII needs SMTPUTF8");

  static final Reply NOT_YOUR_ADDRESS =
      Reply.of(553, "5.7.1", "This sender address is not one of yours");

  /**
   * Whom the header says a message to be from.
   *
   * @param field its name
   * @param address printable ASCII
   */
  static Reply notYours(String field, String address) {
    return Reply.of(550, "5.7.1", field + " names " + address + ", which is no address of yours");
  }

  static Reply notResent(String address) {
    return Reply.of(
        550,
        "5.7.1",
        "From names " + address + ", and no DKIM signature of that domain proves who wrote it");
  }

  static final Reply TOO_MANY_AUTHORS =
      Reply.of(550, "5.7.1", "From or Sender names too many addresses to look at");
  static final Reply UNKNOWN_RECIPIENT = Reply.of(550, "5.1.1", "No such user here");

  /** An alias that only some may write to (RFC 3463 §3.8). */
  static final Reply NOT_FOR_YOU =
      Reply.of(550, "5.7.2", "You are not among those who may write to this address");

  /** It looks like a sender that was rewritten here, and is none. */
  static final Reply FORGED_RETURN_PATH = Reply.of(550, "5.1.1", "No such return path here");

  static final Reply EXPIRED_RETURN_PATH = Reply.of(550, "5.1.1", "This return path has expired");

  /** Whoever has seen one could send mail through us under any name. */
  static final Reply REPORTS_ONLY =
      Reply.of(550, "5.7.1", "This return path takes reports alone, from the null sender");

  static final Reply RELAY_DENIED = Reply.of(550, "5.7.1", "Relaying denied");
  static final Reply NO_OUTGOING_MAIL =
      Reply.of(550, "5.3.2", "Mail to other servers is not sent from here");

  /** What anybody could make us talk to, inside of our network too. */
  static final Reply NO_LITERALS =
      Reply.of(550, "5.1.3", "Mail to address literals is not sent from here");

  static final Reply SUSPENDED = Reply.of(550, "5.2.1", "Mailbox disabled");

  /** Mail for a server behind this one waits at the sender's: this one does not pass it on. */
  static final Reply SERVED_ELSEWHERE =
      Reply.of(451, "4.4.4", "Mail for this address goes to another server, try again later");

  static final Reply OUR_MISTAKE =
      Reply.of(451, "4.3.5", "Address is not set up correctly here, try again later");

  /** RFC 5321 §4.2.2: blocked for reasons of policy, for now. */
  static final Reply SENDER_STOPPED =
      Reply.of(450, "4.7.1", "This account may not send now; ask your postmaster");

  /** An account has sent to as many recipients as it may. */
  static Reply recipientsSpent(long most, Allowance.Window window) {
    String per = window == Allowance.Window.HOUR ? "an hour" : "a day";
    return Reply.of(
        450, "4.7.1", "This account may send to " + most + " recipients " + per + ", try later");
  }

  static final Reply TOO_MANY_RECIPIENTS = Reply.of(452, "4.5.3", "Too many recipients");
  static final Reply FULL_FOR_NOW = Reply.of(452, "4.2.2", "Mailbox full");
  static final Reply FULL = Reply.of(552, "5.2.2", "Mailbox full");

  // Messages
  static final Reply TOO_BIG = Reply.of(552, "5.3.4", "Message too big");
  static final Reply BARE_CR_OR_LF =
      Reply.of(550, "5.6.11", "Message holds CR or LF outside of a CRLF pair");
  static final Reply HOLDS_NUL = Reply.of(550, "5.6.0", "Message holds NUL");
  static final Reply LOOP = Reply.of(554, "5.4.6", "Mail loop");

  // Whom a message is from (RFC 7372)
  static final Reply SPF_FAILS =
      Reply.of(550, "5.7.23", "Your server may not send for this domain, by SPF");
  static final Reply SPF_UNSURE =
      Reply.of(451, "4.7.24", "SPF cannot be checked now, try again later");
  static final Reply ORIGIN_UNSURE =
      Reply.of(451, "4.4.3", "DNS does not answer for the sender's domain, try again later");

  /** Reports for other servers that would go to junk here. */
  static final Reply SUSPECT = Reply.of(550, "5.7.1", "Suspect mail is not sent on from here");

  // Ours
  static final Reply TRY_LATER = Reply.of(451, "4.3.0", "Temporary failure, try again later");
  static final Reply TIMED_OUT = Reply.of(421, "4.4.2", "Timed out, closing");
  static final Reply STOPPING = Reply.of(421, "4.3.2", "Service is stopping, closing");
  static final Reply TOO_MANY_ERRORS = Reply.of(421, "4.7.0", "Too many errors, closing");
  static final Reply TOO_MANY_COMMANDS = Reply.of(421, "4.7.0", "Too many commands, closing");
  static final Reply TOO_MANY_MESSAGES =
      Reply.of(421, "4.7.0", "Too many messages in one session, closing");
}
