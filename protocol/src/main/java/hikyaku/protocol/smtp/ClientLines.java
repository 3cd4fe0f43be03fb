package hikyaku.protocol.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.protocol.smtp.RcptParameters.Notify;
import hikyaku.protocol.smtp.RcptParameters.OriginalRecipient;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The commands of a client that carry an envelope, as they go over the wire. */
public final class ClientLines {
  private ClientLines() {}

  /** MAIL with the parameters that are set, but those that only a user says (AUTH, a hold). */
  public static byte[] mail(ReversePath from, MailParameters parameters) {
    StringBuilder line = new StringBuilder("MAIL FROM:<").append(from).append('>');
    if (parameters.size() != null) {
      line.append(" SIZE=").append(parameters.size());
    }
    if (parameters.body() != null) {
      String body =
          switch (parameters.body()) {
            case SEVENBIT -> "7BIT";
            case EIGHTBITMIME -> "8BITMIME";
            case BINARYMIME -> "BINARYMIME";
          };
      line.append(" BODY=").append(body);
    }
    if (parameters.smtpUtf8()) {
      line.append(" SMTPUTF8");
    }
    if (parameters.ret() != null) {
      line.append(" RET=").append(parameters.ret());
    }
    if (parameters.envid() != null) {
      line.append(" ENVID=").append(Xtext.encode(parameters.envid()));
    }
    if (parameters.by() != null) {
      line.append(" BY=").append(parameters.by());
    }
    if (parameters.priority() != null) {
      line.append(" MT-PRIORITY=").append(parameters.priority());
    }
    if (parameters.requireTls()) {
      line.append(" REQUIRETLS");
    }
    return line.append("\r\n").toString().getBytes(UTF_8);
  }

  /** RCPT with the parameters that are set. */
  public static byte[] rcpt(ForwardPath to, RcptParameters parameters) {
    StringBuilder line = new StringBuilder("RCPT TO:<").append(to).append('>');
    Set<Notify> notifyOn = parameters.notifyOn();
    if (notifyOn != null) {
      String words =
          notifyOn.stream().sorted().map(Notify::toString).collect(Collectors.joining(","));
      line.append(" NOTIFY=").append(words.isEmpty() ? "NEVER" : words);
    }
    OriginalRecipient meant = parameters.orcpt();
    if (meant != null) {
      boolean utf8 = meant.type().toLowerCase(Locale.ROOT).equals("utf-8");
      line.append(" ORCPT=").append(meant.type()).append(';');
      line.append(utf8 ? Xtext.encodeUtf8Address(meant.address()) : Xtext.encode(meant.address()));
    }
    return line.append("\r\n").toString().getBytes(UTF_8);
  }
}
