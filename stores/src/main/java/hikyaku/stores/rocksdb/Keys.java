package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.BlobId;
import hikyaku.mailbox.store.LogName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The keys of every column family; {@code rocksdb_records.proto} has them in a table. */
final class Keys {
  static final byte[] FORMAT = {'F'};
  static final byte[] TRIM = {'T'};
  static final byte UPLOAD = 'U';
  static final byte DROPPED = 'D';

  /** Octets of a number in a key. */
  static final int NUMBER = Long.BYTES;

  private Keys() {}

  static byte[] log(LogName name) {
    return log(name.value());
  }

  /** The key of a log's name, or the prefix of keys that a prefix of names stands for. */
  static byte[] log(String nameOrPrefix) {
    return nameOrPrefix.getBytes(StandardCharsets.UTF_8);
  }

  static LogName logName(byte[] key) {
    return new LogName(new String(key, StandardCharsets.UTF_8));
  }

  static byte[] number(long number) {
    return ByteBuffer.allocate(NUMBER).putLong(number).array();
  }

  static byte[] entry(long log, long seq) {
    return ByteBuffer.allocate(2 * NUMBER).putLong(log).putLong(seq).array();
  }

  static byte[] chunk(long blobOrLog, int index) {
    return ByteBuffer.allocate(NUMBER + Integer.BYTES).putLong(blobOrLog).putInt(index).array();
  }

  static byte[] answer(long log, String key) {
    byte[] octets = key.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(NUMBER + octets.length).putLong(log).put(octets).array();
  }

  static byte[] blob(BlobId id) {
    return id.sha256().toByteArray();
  }

  static byte[] reference(BlobId id, long log, long seq) {
    ByteBuffer key = ByteBuffer.allocate(BlobId.LENGTH + 2 * NUMBER);
    id.sha256().copyTo(key);
    return key.putLong(log).putLong(seq).array();
  }

  static byte[] meta(byte kind, long number) {
    return ByteBuffer.allocate(1 + NUMBER).put(kind).putLong(number).array();
  }

  /** The number that begins the key at this place. */
  static long numberAt(byte[] key, int offset) {
    return ByteBuffer.wrap(key).getLong(offset);
  }

  static int indexAt(byte[] key, int offset) {
    return ByteBuffer.wrap(key).getInt(offset);
  }

  /** The first key behind all those that begin with this prefix; null if there is no such key. */
  static byte @Nullable [] behind(byte[] prefix) {
    for (int last = prefix.length - 1; last >= 0; last--) {
      if (prefix[last] != (byte) 0xff) {
        byte[] end = Arrays.copyOf(prefix, last + 1);
        end[last]++;
        return end;
      }
    }
    return null;
  }

  static boolean startsWith(byte[] key, byte[] prefix) {
    return key.length >= prefix.length
        && Arrays.equals(key, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** A record's place, put into words only when they are needed. */
  record Place(Column column, byte[] key) {
    @Override
    public String toString() {
      return describe(column, key);
    }
  }

  /** A record's name for an operator. */
  static String describe(Column column, byte[] key) {
    String place =
        switch (column) {
          case LOGS -> new String(key, StandardCharsets.UTF_8);
          case ENTRIES ->
              key.length == 2 * NUMBER
                  ? "log number " + numberAt(key, 0) + " entry " + numberAt(key, NUMBER)
                  : hex(key);
          case CHANGES -> key.length == NUMBER ? Long.toString(numberAt(key, 0)) : hex(key);
          case SNAPSHOTS, CHUNKS ->
              key.length == NUMBER + Integer.BYTES
                  ? "number " + numberAt(key, 0) + " piece " + indexAt(key, NUMBER)
                  : hex(key);
          case META, ANSWERS, BLOBS, REFERENCES -> hex(key);
        };
    return column.label() + " record " + place;
  }

  private static String hex(byte[] key) {
    return HexFormat.of().formatHex(key);
  }
}
