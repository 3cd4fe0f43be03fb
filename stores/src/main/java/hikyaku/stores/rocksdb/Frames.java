package hikyaku.stores.rocksdb;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
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
    ByteBuffer.wrap(frame).putInt(checksum(key, frame, 0, frame.length));
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
    check(place, key, frame, 0, frame.length);
    try {
      return parser.parseFrom(frame, CHECKSUM, frame.length - CHECKSUM);
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(place + " cannot be decoded", e);
    }
  }

  /**
   * The same of a frame that is part of an array, or what is there of it. The array is held by the
   * message, which copies nothing, and not to be changed any more.
   */
  static <M extends MessageLite> M decodeThere(
      Object place, byte[] key, byte[] octets, int from, int length, Parser<M> parser) {
    int there = Math.min(length, octets.length - from);
    check(place, key, octets, from, there);
    try {
      CodedInputStream in =
          UnsafeByteOperations.unsafeWrap(octets, from + CHECKSUM, there - CHECKSUM)
              .newCodedInput();
      in.enableAliasing(true);
      M message = parser.parseFrom(in);
      in.checkLastTagWas(0);
      return message;
    } catch (InvalidProtocolBufferException e) {
      throw new StoreException.Corrupt(place + " cannot be decoded", e);
    }
  }

  private static void check(Object place, byte[] key, byte[] octets, int from, int length) {
    if (length < CHECKSUM
        || ByteBuffer.wrap(octets, from, CHECKSUM).getInt()
            != checksum(key, octets, from, length)) {
      throw new StoreException.Corrupt(place + " does not pass its checksum", null);
    }
  }

  private static int checksum(byte[] key, byte[] octets, int from, int length) {
    CRC32C crc = new CRC32C();
    crc.update(key, 0, key.length);
    crc.update(octets, from + CHECKSUM, length - CHECKSUM);
    return (int) crc.getValue();
  }
}
