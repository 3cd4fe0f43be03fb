package hikyaku.mailbox.log;

import com.google.protobuf.ByteString;
import hikyaku.mailbox.store.Blob;
import hikyaku.protocol.mime.MessageStructure;

/**
 * A message as it enters a mailbox.
 *
 * @param prefix header fields added at delivery, ending with CRLF, or empty
 * @param blob the octets that the client sent; the message that clients see is prefix and blob
 * @param internalDate when it arrived, or what APPEND said
 * @param flags at arrival
 * @param structure what parsing the blob found; its offsets count from the start of the blob. Where
 *     the blob lacks Date or Message-ID and the prefix has it, the envelope tells of it
 * @param session the id of the session that brought it, for whoever finds its way
 */
public record NewMessage(
    ByteString prefix,
    Blob blob,
    InternalDate internalDate,
    Flags flags,
    MessageStructure structure,
    String session) {

  /** The same message with other flags. */
  public NewMessage with(Flags newFlags) {
    return new NewMessage(prefix, blob, internalDate, newFlags, structure, session);
  }

  /** Size as clients see it: RFC822.SIZE. */
  public long octets() {
    return prefix.size() + blob.size();
  }
}
