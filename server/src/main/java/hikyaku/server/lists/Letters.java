package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Append;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.protocol.mime.MailDate;
import hikyaku.protocol.smtp.Mailbox;
import hikyaku.server.directory.Address;
import hikyaku.server.directory.ListRole;
import hikyaku.server.queue.Outgoing;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/** What lists write themselves, to owners and to those who come. */
final class Letters {
  private final String host;
  private final Distribution distribution;
  private final InstantSource clock;

  /**
   * @param host our name in mail
   */
  Letters(String host, Distribution distribution, InstantSource clock) {
    this.host = host;
    this.distribution = distribution;
    this.clock = clock;
  }

  /**
   * A letter, put into the queue.
   *
   * @param address of the list
   * @param transaction unique for ever
   * @param key names the attempt to send it
   */
  Append letter(
      Address address,
      String subject,
      String text,
      Optional<Address> replyTo,
      String transaction,
      String session,
      String key,
      List<Mailbox> to) {
    Instant now = clock.instant();
    Address owner = ListRole.OWNER.of(address);
    String lines =
        "From: "
            + owner
            + "\r\nTo: "
            + String.join(",\r\n ", to.stream().map(Mailbox::toString).toList())
            + "\r\n"
            + replyTo.map(each -> "Reply-To: " + each + "\r\n").orElse("")
            + "Subject: "
            + EncodedWords.encodeFolded(subject)
            + "\r\nDate: "
            + MailDate.of(now)
            + "\r\nMessage-ID: <"
            + transaction
            + "@"
            + host
            + ">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
            + "Content-Type: text/plain; charset=utf-8\r\n"
            + "Content-Transfer-Encoding: base64\r\n\r\n"
            + java.util.Base64.getMimeEncoder()
                .encodeToString(text.replace("\n", "\r\n").getBytes(UTF_8))
            + "\r\n";
    Distribution.Post post =
        new Distribution.Post(
            distribution.written(lines),
            ByteString.EMPTY,
            transaction,
            session,
            false,
            false,
            Outgoing.Tls.USUAL,
            "",
            key,
            Optional.empty());
    return distribution.own(owner, post, to);
  }
}
