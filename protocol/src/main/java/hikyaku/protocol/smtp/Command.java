package hikyaku.protocol.smtp;

import org.jspecify.annotations.Nullable;

/** A command line, read. */
public sealed interface Command {
  /** Its word, or null if that is not known. */
  default @Nullable Verb verb() {
    return switch (this) {
      case Helo _ -> Verb.HELO;
      case Ehlo _ -> Verb.EHLO;
      case Lhlo _ -> Verb.LHLO;
      case Mail _ -> Verb.MAIL;
      case Rcpt _ -> Verb.RCPT;
      case Data _ -> Verb.DATA;
      case Bdat _ -> Verb.BDAT;
      case Rset _ -> Verb.RSET;
      case Vrfy _ -> Verb.VRFY;
      case Expn _ -> Verb.EXPN;
      case Noop _ -> Verb.NOOP;
      case Help _ -> Verb.HELP;
      case Quit _ -> Verb.QUIT;
      case StartTls _ -> Verb.STARTTLS;
      case Auth _ -> Verb.AUTH;
      case NotImplemented(Verb verb) -> verb;
      case Malformed(Verb verb, _) -> verb;
      case Unknown _, Http _ -> null;
    };
  }

  /**
   * @param domain the client's name for itself, as sent: printable ASCII and nothing more
   */
  record Helo(String domain) implements Command {}

  /**
   * @param domain as in {@link Helo}
   */
  record Ehlo(String domain) implements Command {}

  /**
   * @param domain as in {@link Helo}
   */
  record Lhlo(String domain) implements Command {}

  record Mail(ReversePath from, MailParameters parameters) implements Command {}

  record Rcpt(ForwardPath to, RcptParameters parameters) implements Command {}

  record Data() implements Command {}

  /**
   * RFC 3030 §2.
   *
   * @param size octets that follow the line at once
   */
  record Bdat(long size, boolean last) implements Command {}

  record Rset() implements Command {}

  record Vrfy(String argument) implements Command {}

  record Expn(String argument) implements Command {}

  record Noop() implements Command {}

  record Help(String topic) implements Command {}

  record Quit() implements Command {}

  record StartTls() implements Command {}

  /**
   * RFC 4954 §4.
   *
   * @param mechanism upper case
   * @param initialResponse in base64 as sent, empty for {@code =}, null if there was none
   */
  record Auth(String mechanism, @Nullable String initialResponse) implements Command {
    /** Without the response, which is a secret. */
    @Override
    public String toString() {
      return "Auth[" + mechanism + "]";
    }
  }

  /** A word that RFCs define and this grammar leaves alone. */
  record NotImplemented(Verb verb) implements Command {}

  /** No word that the grammar knows. */
  record Unknown() implements Command {}

  /**
   * A request of HTTP: a browser was made to talk to us, and what follows may have been written to
   * look like mail.
   */
  record Http() implements Command {}

  /**
   * A known word and something wrong behind it.
   *
   * @param refusal says what
   */
  record Malformed(Verb verb, Reply refusal) implements Command {}
}
