package hikyaku.stores.rocksdb;

import com.github.luben.zstd.ZstdException;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.ChunkRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The pieces in which blobs and snapshots are kept. Native code that computes and never waits. */
final class Chunks {
  /** Octets of a chunk, but for the last. */
  static final int SIZE = 64 * 1024;

  private static final byte[] NOTHING = {};

  private Chunks() {}

  /** All of an array, in chunks, as it is. The array belongs to them from now on. */
  static List<ChunkRecord> raw(byte[] content) {
    List<ChunkRecord> chunks = new ArrayList<>();
    for (int from = 0; from < content.length; from += SIZE) {
      chunks.add(raw(content, from, Math.min(SIZE, content.length - from)));
    }
    return chunks;
  }

  /** Part of an array as it is, as one chunk, to which the array belongs from now on. */
  static ChunkRecord raw(byte[] content, int from, int length) {
    return ChunkRecord.newBuilder()
        .setCoding(ChunkRecord.Coding.RAW)
        .setSize(length)
        .setOctets(UnsafeByteOperations.unsafeWrap(content, from, length))
        .build();
  }

  /**
   * The octets of a chunk.
   *
   * @throws StoreException.Corrupt naming the record, if it is not sound
   */
  static byte[] decode(Column column, byte[] key, byte[] frame) {
    return decode(new Keys.Place(column, key), key, frame);
  }

  /**
   * The same of a chunk that is elsewhere.
   *
   * @param place names it in an error
   */
  static byte[] decode(Object place, byte[] key, byte[] frame) {
    return decode(place, key, frame, 0, frame.length, NOTHING);
  }

  /**
   * The same of a frame that is part of an array, or what is there of it.
   *
   * @param spare where the octets may come to, if they are as many
   */
  static byte[] decode(
      Object place, byte[] key, byte[] frames, int from, int length, byte[] spare) {
    ChunkRecord chunk = Frames.decodeThere(place, key, frames, from, length, ChunkRecord.parser());
    byte[] octets =
        switch (chunk.getCoding()) {
          case RAW -> raw(chunk.getOctets(), spare);
          case ZSTD -> unpack(place, chunk, spare);
          case UNRECOGNIZED ->
              throw new StoreException.Corrupt(place + " has an unknown coding", null);
        };
    if (octets.length != chunk.getSize() || octets.length > SIZE) {
      throw new StoreException.Corrupt(place + " has " + octets.length + " octets", null);
    }
    return octets;
  }

  private static byte[] raw(ByteString octets, byte[] spare) {
    if (octets.size() != spare.length) {
      return octets.toByteArray();
    }
    octets.copyTo(spare, 0);
    return spare;
  }

  private static byte[] unpack(Object place, ChunkRecord chunk, byte[] spare) {
    if (chunk.getSize() < 0 || chunk.getSize() > SIZE) {
      throw new StoreException.Corrupt(
          place + " is said to have " + chunk.getSize() + " octets", null);
    }
    try {
      byte[] octets = spare.length == chunk.getSize() ? spare : new byte[chunk.getSize()];
      int count = Unpacker.unpack(chunk.getOctets(), octets);
      return count == octets.length ? octets : Arrays.copyOf(octets, count);
    } catch (ZstdException e) {
      throw new StoreException.Corrupt(place + " cannot be unpacked", e);
    }
  }
}
