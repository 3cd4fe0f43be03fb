package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.FileIndexRecord;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The chunks of a blob that has a file. Holds the file's index once it is known. */
final class FileChunks implements BlobChunks {
  /** Octets that the index takes at most, beside those for each chunk. */
  private static final int INDEX = 64;

  /** Octets of a number in the index at most. */
  private static final int NUMBER = 5;

  private final Path path;
  private final BlobState blob;
  private final Source source;

  /** Where each chunk ends, once known. */
  private long @Nullable [] ends;

  /** How files are read. */
  @FunctionalInterface
  interface Source {
    /** Octets of a file, fewer where it ends before; nothing if it is not there. */
    Optional<byte[]> read(Path path, long from, int length);
  }

  FileChunks(Path path, BlobState blob, Source source) {
    this.path = path;
    this.blob = blob;
    this.source = source;
  }

  /** A chunk's place, put into words only when they are needed. */
  private record Place(Path path, int index) {
    @Override
    public String toString() {
      return "piece " + index + " of " + path;
    }
  }

  @Override
  public byte[] chunk(int index) {
    long[] known = ends();
    long from = index == 0 ? 0 : known[index - 1];
    byte[] frame = read(from, (int) (known[index] - from));
    return Chunks.decode(new Place(path, index), Keys.chunk(blob.number(), index), frame);
  }

  private byte[] read(long from, int length) {
    return source
        .read(path, from, length)
        .orElseThrow(() -> new StoreException.Corrupt(path + " is missing", null));
  }

  private long[] ends() {
    if (ends == null) {
      byte[] frame = read(blob.fileOctets(), INDEX + NUMBER * blob.chunks());
      FileIndexRecord index =
          Frames.decode(
              "the index of " + path, Keys.number(blob.number()), frame, FileIndexRecord.parser());
      long[] found = new long[index.getChunkOctetsCount()];
      long end = 0;
      for (int i = 0; i < found.length; i++) {
        end += index.getChunkOctets(i);
        found[i] = end;
      }
      if (found.length != blob.chunks() || end != blob.fileOctets()) {
        throw new StoreException.Corrupt("the index of " + path + " is of another file", null);
      }
      ends = found;
    }
    return ends;
  }
}
