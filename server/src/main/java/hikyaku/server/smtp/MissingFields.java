package hikyaku.server.smtp;

import hikyaku.protocol.mime.Envelope;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.mime.MessageStructure;
import hikyaku.protocol.mime.SentDate;
import java.time.Instant;

/**
 * Date and Message-ID of a submitted message that came without (RFC 6409 §8.2, §8.3). The fields go
 * into the prefix; what the message is described as tells of them too, or else ENVELOPE and header
 * would differ.
 *
 * @param fields header lines, or empty
 * @param structure of the message with them
 */
record MissingFields(String fields, MessageStructure structure) {

  /**
   * @param id unique for ever
   */
  static MissingFields of(MessageStructure found, String id, String hostName, Instant time) {
    Envelope envelope = found.envelope();
    StringBuilder fields = new StringBuilder();
    String date = envelope.date();
    SentDate sent = found.sent();
    if (date == null) {
      date = MailDate.of(time);
      sent = new SentDate(time.getEpochSecond(), 0);
      fields.append("Date: ").append(date).append("\r\n");
    }
    String messageId = envelope.messageId();
    if (messageId == null) {
      messageId = "<" + id + "@" + hostName + ">";
      fields.append("Message-ID: ").append(messageId).append("\r\n");
    }
    if (fields.isEmpty()) {
      return new MissingFields("", found);
    }
    Envelope completed =
        new Envelope(
            date,
            envelope.subject(),
            envelope.from(),
            envelope.sender(),
            envelope.replyTo(),
            envelope.to(),
            envelope.cc(),
            envelope.bcc(),
            envelope.inReplyTo(),
            messageId);
    return new MissingFields(
        fields.toString(),
        new MessageStructure(
            found.size(),
            found.root(),
            completed,
            sent,
            found.references(),
            found.receivedFields(),
            found.deliveredTo(),
            found.preview(),
            found.has8bit(),
            found.hasNul(),
            found.hasBareLineEnding(),
            found.longestLine(),
            found.hasAttachments(),
            found.limitReached()));
  }
}
