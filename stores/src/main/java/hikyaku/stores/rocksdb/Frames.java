package hikyaku.stores.rocksdb;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import hikyaku.mailbox.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The checksummed frame around every record. */
final class Frames {
  private static final int CHECKSUM = Integer.BYTES;

  private Frames() {}

  static byte[] encode(byte[] key, MessageLite message) {
    int size = message.getSerializedSize();
    byte[] frame = new byte[CHECKSUM + size];
    try {
      message.writeTo(CodedOutputStream.newInstance(frame, CHECKSUM, size));
    } catch (IOException e) {
      throw new IllegalStateException("an array of the right size takes its message", e);
    }
    ByteBuffer.wrap(frame).putInt(checksum(key, frame));
    return frame;
  }

  /**
   * The message in a frame.
   *
   * @throws StoreException.Corrupt naming the record, if the checksum or the message is broken
   */
  static <M extends MessageLite> M decode(
      Column column, byte[] key, byte[] frame, Parser<M> parser) {
    return decode(new Keys.Place(column, key), key, frame, parser);
  }

  /**
   * The same of a frame that is elsewhere.
   *
   * @param place names it in an error
   */
  static <M extends MessageLite> M decode(
      Object place, byte[] key, byte[] frame, Parser<M> parser) {
    if (frame.length < CHECKSUM || ByteBuffer.wrap(frame).getInt() != checksum(key, frame)) {
      throw new StoreException.Corrupt(place + " does not pass its checksum", null);
    }
    try {
      return parser.parseFrom(frame, CHECKSUM, frame.length - CHECKSUM);
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(place + " cannot be decoded", e);
    }
  }

  private static int checksum(byte[] key, byte[] frame) {
    CRC32C crc = new CRC32C();
    crc.update(key, 0, key.length);
    crc.update(frame, CHECKSUM, frame.length - CHECKSUM);
    return (int) crc.getValue();
  }
}
