package hikyaku.server.smtp;

import com.google.protobuf.ByteString;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.smtp.ForwardPath;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;

/** The header fields that are put before a message at delivery: UTF-8 where SMTPUTF8 was asked. */
final class TraceFields {
  private final SmtpSession session;
  private final Transaction transaction;
  private final Instant time;

  TraceFields(SmtpSession session, Transaction transaction, Instant time) {
    this.session = session;
    this.transaction = transaction;
    this.time = time;
  }

  private static String id(Transaction transaction) {
    return "\r\n\tid " + transaction.id();
  }

  /** Whether a message with these fields was delivered by the transaction. */
  static boolean isOf(Transaction transaction, ByteString prefix) {
    String fields = prefix.toStringUtf8();
    int at = fields.indexOf(id(transaction));
    int end = at + id(transaction).length();
    return at >= 0 && end < fields.length() && !Character.isDigit(fields.charAt(end));
  }

  /**
   * The fields of one copy.
   *
   * @param results what was found out about whom the message is from, as a field or empty
   * @param added fields that the message should have had, or empty
   */
  ByteString prefix(
      Transaction.Copy copy, MessageStructure structure, String results, String added) {
    StringBuilder out = new StringBuilder();
    out.append("Return-Path: <").append(transaction.mail().from()).append(">\r\n");
    deliveredTo(copy, out);
    out.append(results);
    received(out);
    out.append(added);
    if (structure.root().headerStart() == structure.root().bodyStart()) {
      // The message has no header at all: what it begins with must not become one.
      out.append("\r\n");
    }
    return ByteString.copyFromUtf8(out.toString());
  }

  /**
   * The fields of a message that goes to another server.
   *
   * @param added as in {@link #prefix}
   */
  ByteString outgoing(MessageStructure structure, String added) {
    StringBuilder out = new StringBuilder();
    received(out);
    out.append(added);
    if (structure.root().headerStart() == structure.root().bodyStart()) {
      out.append("\r\n");
    }
    return ByteString.copyFromUtf8(out.toString());
  }

  /**
   * The fields of what an alias leads to elsewhere. The alias in them ends a loop that comes back.
   *
   * @param results as in {@link #prefix}
   */
  ByteString forwarded(
      Recipient recipient, MessageStructure structure, String results, String added) {
    StringBuilder out = new StringBuilder();
    if (recipient.path() instanceof Mailbox alias) {
      out.append("Delivered-To: ").append(alias).append("\r\n");
    }
    out.append(results);
    received(out);
    out.append(added);
    if (structure.root().headerStart() == structure.root().bodyStart()) {
      out.append("\r\n");
    }
    return ByteString.copyFromUtf8(out.toString());
  }

  /**
   * The account's own address, by which loops are found, and below it the recipient's, if that was
   * another (RFC 9228 §4: one field for each step).
   */
  private static void deliveredTo(Transaction.Copy copy, StringBuilder out) {
    Address reached = copy.target().reachedBy();
    out.append("Delivered-To: ").append(written(reached)).append("\r\n");
    if (copy.recipient().path() instanceof Mailbox named) {
      Optional<Address> address = Address.of(named.localPart(), named.domain());
      if (!address.equals(Optional.of(reached))) {
        out.append("Delivered-To: ").append(named).append("\r\n");
      }
    }
  }

  /** An address as it stands in a Delivered-To field. */
  static String written(Address address) {
    return new Mailbox(address.localPart(), address.domain()).toString();
  }

  /** RFC 5321 §4.4. */
  private void received(StringBuilder out) {
    Hello hello = session.requireHello();
    boolean hidden =
        session.face() == SmtpFace.SUBMISSION && session.settings().hideClientAddress();
    out.append("Received: from ");
    if (hidden) {
      out.append("submission.invalid");
    } else {
      out.append(harmless(hello.name()))
          .append(" (")
          .append(literal(session.connection().remote().getAddress()))
          .append(')');
    }
    out.append("\r\n\tby ").append(session.settings().hostName()).append(" (Hikyaku) with ");
    out.append(with(hello));
    session
        .connection()
        .tls()
        .ifPresent(tls ->
            out.append("\r\n\t(")
                .append(harmless(tls.protocol()))
                .append(' ')
                .append(harmless(tls.cipher()))
                .append(')'));
    out.append(id(transaction));
    if (transaction.recipients().size() == 1) {
      // With several, each would be told of the others, blind ones too.
      out.append("\r\n\tfor <").append(named(transaction.recipients().getFirst())).append('>');
    }
    if (transaction.mail().parameters().priority() != null) {
      // RFC 6710 §4.3.
      out.append("\r\n\tpriority ").append(session.priority(transaction));
    }
    out.append(";\r\n\t").append(MailDate.of(time)).append("\r\n");
  }

  /** In ASCII if it can be: then no later server needs SMTPUTF8 because of this field. */
  private static ForwardPath named(Recipient recipient) {
    return recipient.path() instanceof Mailbox mailbox
        ? mailbox.ascii().orElse(mailbox)
        : recipient.path();
  }

  /** RFC 3848, RFC 6531 §4.3. */
  private String with(Hello hello) {
    if (!hello.extended()) {
      return "SMTP";
    }
    String smtp = transaction.isSmtpUtf8() ? "UTF8SMTP" : "ESMTP";
    String lmtp = transaction.isSmtpUtf8() ? "UTF8LMTP" : "LMTP";
    return (session.face() == SmtpFace.LMTP ? lmtp : smtp)
        + (session.connection().isTls() ? "S" : "")
        + (session.account() != null ? "A" : "");
  }

  /** What a client says about itself, where it cannot break out of its place. */
  private static String harmless(String text) {
    StringBuilder out = new StringBuilder(text);
    for (int i = 0; i < out.length(); i++) {
      char c = out.charAt(i);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || "-._:[]".indexOf(c) >= 0;
      if (!plain) {
        out.setCharAt(i, '?');
      }
    }
    return out.toString();
  }

  /** Address-literal, RFC 5321 §4.1.3. */
  static String literal(InetAddress address) {
    String text = address.getHostAddress();
    int zone = text.indexOf('%');
    String plain = zone < 0 ? text : text.substring(0, zone);
    return address instanceof Inet6Address ? "[IPv6:" + plain + "]" : "[" + plain + "]";
  }
}
