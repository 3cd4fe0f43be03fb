package hikyaku.protocol.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is worth knowing of a message without reading it again, computed in one pass at arrival.
 *
 * @param size octets of the whole message
 * @param root the message itself; its header starts at offset 0
 * @param envelope of the message's own header
 * @param sent the Date field understood; null if it is absent or not to be understood
 * @param references the message ids of the References field, with their angle brackets, as octets;
 *     if there are more than the limit, the first and the last ones
 * @param receivedFields how many Received fields the header has (RFC 5321 §6.3: loops)
 * @param deliveredTo the values of the Delivered-To fields, as octets
 * @param preview text for people, Unicode, at most 200 characters (RFC 8970); empty if there is
 *     none
 * @param has8bit whether any octet is above 127
 * @param hasNul whether any octet is 0: such a message is binary (RFC 3030) and no IMAP literal
 * @param hasBareLineEnding whether a CR or LF stands alone
 * @param longestLine octets of the longest line without its ending
 * @param hasAttachments whether a part is meant to be saved and not read along
 * @param limitReached whether something was left out because of {@link MimeLimits}
 */
public record MessageStructure(
    long size,
    MimePart root,
    Envelope envelope,
    @Nullable SentDate sent,
    List<String> references,
    int receivedFields,
    List<String> deliveredTo,
    String preview,
    boolean has8bit,
    boolean hasNul,
    boolean hasBareLineEnding,
    long longestLine,
    boolean hasAttachments,
    boolean limitReached) {

  public MessageStructure {
    references = List.copyOf(references);
    deliveredTo = List.copyOf(deliveredTo);
  }

  /** The same with another envelope and another understanding of its date. */
  public MessageStructure with(Envelope newEnvelope, @Nullable SentDate newSent) {
    return new MessageStructure(
        size,
        root,
        newEnvelope,
        newSent,
        references,
        receivedFields,
        deliveredTo,
        preview,
        has8bit,
        hasNul,
        hasBareLineEnding,
        longestLine,
        hasAttachments,
        limitReached);
  }

  /**
   * Whether a Delivered-To field names an address: the message has come for it before.
   *
   * @param address as such a field has it, in whichever case
   */
  public boolean wasDeliveredTo(String address) {
    return deliveredTo.stream()
        .map(octets -> new String(octets.getBytes(ISO_8859_1), UTF_8))
        .anyMatch(value -> value.strip().equalsIgnoreCase(address));
  }

  /**
   * Finds a part by its IMAP number (RFC 9051 §6.4.5.1): {@code 1.2} is the second child of the
   * first; part 1 of what is no multipart is its own body; numbers go on through message/rfc822
   * into the message inside.
   *
   * @return null if there is no such part
   */
  public @Nullable MimePart part(List<Integer> number) {
    MimePart at = root;
    boolean insideMessage = true; // at is a message whose body the next number divides
    for (int index : number) {
      if (!insideMessage && at.isMessage()) {
        at = at.children().getFirst();
        insideMessage = true;
      }
      if (at.isMultipart()) {
        if (index < 1 || index > at.children().size()) {
          return null;
        }
        at = at.children().get(index - 1);
      } else if (!insideMessage || index != 1) {
        return null;
      }
      insideMessage = false;
    }
    return at;
  }
}
