package hikyaku.protocol.mime;

/**
 * How much of a message is looked at. A message beyond a limit is still taken and given out octet
 * for octet; only its description is shorter, and {@link MessageStructure#limitReached} says so.
 *
 * @param headerOctets octets of header values kept over the whole message, so that no message makes
 *     a description larger than this, times a small factor
 * @param fieldOctets octets of one field kept, its name counted; of more, the beginning is used
 * @param headerFields fields looked at in one header; later ones are passed over
 * @param depth multiparts and messages inside one another; deeper ones are plain content
 * @param parts parts over the whole message; the last one holds all the rest
 * @param boundaryOctets the longest boundary recognised (RFC 2046 allows 70, some senders take
 *     more); a multipart with a longer one is taken as having no part
 * @param parameters parameters of one field kept, continuations counted
 * @param addresses addresses kept over the whole message, group markers counted
 * @param references message ids kept of the References field
 * @param deliveredTo Delivered-To fields kept
 * @param previewOctets octets of a text part, as transferred, held to make the preview of
 * @param previewCharacters characters (code points) of a preview; RFC 8970 §3.1 asks for 200 and
 *     forbids more than 256
 */
public record MimeLimits(
    int headerOctets,
    int fieldOctets,
    int headerFields,
    int depth,
    int parts,
    int boundaryOctets,
    int parameters,
    int addresses,
    int references,
    int deliveredTo,
    int previewOctets,
    int previewCharacters) {

  /** Far above what real mail has, far below what could hurt. */
  public static final MimeLimits DEFAULT =
      new MimeLimits(
          256 * 1024, 64 * 1024, 2000, 50, 2000, 1024, 100, 4096, 200, 100, 16 * 1024, 200);
}
