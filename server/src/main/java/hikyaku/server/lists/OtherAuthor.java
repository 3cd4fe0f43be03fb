package hikyaku.server.lists;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import hikyaku.mailbox.Intake;
import hikyaku.protocol.address.EnvelopeAddress;
import hikyaku.protocol.mime.EncodedWords;
import hikyaku.server.directory.Address;
import java.util.Optional;

/**
 * Makes the list the author of a message: the author's name goes into the list's, and the author's
 * address into Reply-To, unless the author has named another, and into {@code X-Original-From} as
 * it was.
 */
final class OtherAuthor {
  private static final int LONGEST_NAME = 60;

  private OtherAuthor() {}

  static Intake.Received of(Address address, MailingList list, Intake.Received message, Head head) {
    String written = head.first("from").orElse("");
    boolean answerable = head.first("reply-to").isPresent();
    String title = list.settings().title();
    String name =
        author(message).map(each -> each + " via ").orElse("")
            + (title.isEmpty() ? address.localPart() : title);
    String fields =
        "From: "
            + ListFields.phrase(name)
            + "\r\n <"
            + address
            + ">\r\n"
            + (answerable || written.isEmpty() ? "" : "Reply-To: " + written + "\r\n")
            + (written.isEmpty() ? "" : "X-Original-From: " + written + "\r\n");
    return head.replaced(
        field ->
            field.equals("from") || field.equals("x-original-from") || ListFields.isOurs(field),
        fields);
  }

  /**
   * The name of whom it is from, or else the local part. Nothing that looks like an address: it
   * would be another than the one it stands before, which is what deceivers write.
   */
  private static Optional<String> author(Intake.Received message) {
    return message.structure().envelope().from().stream()
        .filter(EnvelopeAddress::isAddress)
        .findFirst()
        .map(author -> {
          String name = author.name();
          String local = author.mailbox();
          String text =
              name != null && !name.isBlank()
                  ? EncodedWords.decode(name)
                  : new String((local == null ? "" : local).getBytes(ISO_8859_1), UTF_8);
          String plain = text.replaceAll("[\\p{Cntrl}<>]", " ").replaceAll("@.*", "").strip();
          return plain.codePointCount(0, plain.length()) > LONGEST_NAME
              ? plain.substring(0, plain.offsetByCodePoints(0, LONGEST_NAME))
              : plain;
        })
        .filter(name -> !name.isEmpty());
  }
}
