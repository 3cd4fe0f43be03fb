package hikyaku.stores.rocksdb;

import hikyaku.mailbox.store.StoreException;
import hikyaku.stores.rocksdb.proto.FileIndexRecord;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chunks of a blob that has a file. Holds the file's index once it is known.
 *
 * <p>Who goes on from chunk to chunk gets them by the window: of the chunks behind the one that is
 * asked for the file is read while that one is dealt with. So between chunks it holds two windows
 * at most, as they are in the file, and no more than its {@link FileAhead} has room for: what was
 * not read ahead is let go of once it is taken apart.
 */
final class FileChunks implements BlobChunks {
  /** Octets of the file that are read at a time, but for a chunk that is larger. */
  static final int WINDOW = 128 * 1024;

  /** Octets that the index takes at most, beside those for each chunk. */
  private static final int INDEX = 64;

  /** Octets of a number in the index at most. */
  private static final int NUMBER = 5;

  /** No chunk's number. */
  private static final int NONE = -1;

  private static final Window NOTHING = new Window(0, 0, new byte[0], null);

  private final Path path;
  private final BlobState blob;
  private final Source source;

  /** Where each chunk ends, once known. */
  private long @Nullable [] ends;

  /** The chunk that is asked for by who goes on. */
  private int next = NONE;

  private Window held = NOTHING;
  private @Nullable Coming coming;

  /** How files are read. */
  @FunctionalInterface
  interface Source {
    /** Octets of a file, fewer where it ends before; nothing if it is not there. */
    Optional<byte[]> read(Path path, long from, int length);

    /** Begins to read what will be wanted next; null where that cannot be, or is of no use. */
    default @Nullable Begun begin(Path path, long from, int length) {
      return null;
    }
  }

  /** A read that was begun. */
  interface Begun {
    /** Waits for it; as {@link Source#read}. */
    Optional<byte[]> octets();

    /** Whether it has failed already, for a cause that may have passed since. */
    boolean hasFailed();

    /** The octets are not needed any more: what they took is given back once the read is over. */
    void release();
  }

  /**
   * Chunks that follow each other, as they are in the file.
   *
   * @param behind the chunk after the last
   */
  private record Window(int first, int behind, byte[] octets, @Nullable Begun read) {
    boolean has(int index) {
      return index >= first && index < behind;
    }

    void release() {
      if (read != null) {
        read.release();
      }
    }
  }

  /** The window that comes next. */
  private record Coming(int first, int behind, Begun read) {}

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
  public byte[] chunk(int index, byte[] spare) {
    long[] known = ends();
    if (!held.has(index)) {
      hold(index, known);
    }
    int from = (int) (start(index, known) - start(held.first(), known));
    int length = (int) (known[index] - start(index, known));
    try {
      return Chunks.decode(
          new Place(path, index),
          Keys.chunk(blob.number(), index),
          held.octets(),
          from,
          length,
          spare);
    } finally {
      if (held.read() == null) {
        held = NOTHING;
      }
    }
  }

  private static long start(int index, long[] ends) {
    return index == 0 ? 0 : ends[index - 1];
  }

  private void hold(int index, long[] known) {
    boolean onwards = index == next;
    held.release();
    held = NOTHING;
    Coming ahead = coming;
    coming = null;
    if (ahead == null) {
      held = one(index, known);
    } else if (ahead.first() == index && !ahead.read().hasFailed()) {
      held = new Window(index, ahead.behind(), awaited(ahead.read()), ahead.read());
    } else {
      ahead.read().release();
      held = one(index, known);
    }
    next = held.behind();
    if (onwards && held.behind() < known.length) {
      begin(held.behind(), known);
    }
  }

  private Window one(int index, long[] known) {
    long from = start(index, known);
    return new Window(index, index + 1, read(from, (int) (known[index] - from)), null);
  }

  private byte[] awaited(Begun read) {
    boolean done = false;
    try {
      byte[] octets = there(read.octets());
      done = true;
      return octets;
    } finally {
      if (!done) {
        read.release();
      }
    }
  }

  private void begin(int first, long[] known) {
    long from = start(first, known);
    int behind = first + 1;
    while (behind < known.length && known[behind] - from <= WINDOW) {
      behind++;
    }
    Begun read = source.begin(path, from, (int) (known[behind - 1] - from));
    if (read != null) {
      coming = new Coming(first, behind, read);
    }
  }

  private byte[] read(long from, int length) {
    return there(source.read(path, from, length));
  }

  private byte[] there(Optional<byte[]> octets) {
    return octets.orElseThrow(() -> new StoreException.Corrupt(path + " is missing", null));
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

  @Override
  public void close() {
    held.release();
    held = NOTHING;
    next = NONE;
    Coming ahead = coming;
    coming = null;
    if (ahead != null) {
      ahead.read().release();
    }
  }
}
