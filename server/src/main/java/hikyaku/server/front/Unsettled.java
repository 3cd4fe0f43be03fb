package hikyaku.server.front;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Input that no node has settled: it is given again to the next node if this one goes. Short input
 * is held in memory, a message being sent in a file that has no name, and none costs nothing.
 */
final class Unsettled implements AutoCloseable {
  /** Octets held in memory; beyond that all of it goes to a file. */
  static final int IN_MEMORY = 64 * 1024;

  private final Path directory;
  private long base;
  private long end;
  private byte @Nullable [] memory;

  /** Where {@link #base} lies in the memory or the file. */
  private long baseAt;

  private @Nullable FileChannel file;

  /**
   * @param directory for files
   */
  Unsettled(Path directory) {
    this.directory = directory;
  }

  /** The place in the input up to which all is settled. */
  long base() {
    return base;
  }

  /** The place behind the last octet. */
  long end() {
    return end;
  }

  /** How many octets can be added without a file. */
  int room() {
    return file == null ? (int) (IN_MEMORY - (end - base)) : 0;
  }

  /** Octets that the file takes. */
  long onDisk() throws IOException {
    FileChannel spilled = file;
    return spilled == null ? 0 : spilled.size();
  }

  void append(byte[] octets, int offset, int length) throws IOException {
    FileChannel spilled = file;
    int held = (int) (end - base);
    if (spilled == null && held + length > IN_MEMORY) {
      spilled = spill(held);
    }
    if (spilled == null) {
      byte[] room = room(held, length);
      System.arraycopy(octets, offset, room, (int) baseAt + held, length);
    } else {
      if (baseAt > Math.max(held, IN_MEMORY)) {
        moveToFront(spilled, held);
      }
      write(spilled, ByteBuffer.wrap(octets, offset, length), baseAt + held);
    }
    end += length;
  }

  private byte[] room(int held, int more) {
    byte[] now = memory;
    if (now == null) {
      now = new byte[Math.max(256, more)];
      baseAt = 0;
    } else if (baseAt + held + more > now.length) {
      byte[] next = held + more > now.length ? new byte[2 * (held + more)] : now;
      System.arraycopy(now, (int) baseAt, next, 0, held);
      baseAt = 0;
      now = next;
    }
    memory = now;
    return now;
  }

  private FileChannel spill(int held) throws IOException {
    Path path = Files.createTempFile(directory, "input", ".unsettled");
    FileChannel opened = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      Files.delete(path);
      byte[] now = memory;
      if (now != null) {
        write(opened, ByteBuffer.wrap(now, (int) baseAt, held), 0);
      }
    } catch (IOException e) {
      opened.close();
      throw e;
    }
    memory = null;
    baseAt = 0;
    file = opened;
    return opened;
  }

  /** Else a client that is always ahead of its answers would have the file grow for ever. */
  private void moveToFront(FileChannel spilled, int held) throws IOException {
    for (int at = 0; at < held; at += IN_MEMORY) {
      write(spilled, ByteBuffer.wrap(read(base + at, IN_MEMORY)), at);
    }
    spilled.truncate(held);
    baseAt = 0;
  }

  private static void write(FileChannel to, ByteBuffer octets, long at) throws IOException {
    long place = at;
    while (octets.hasRemaining()) {
      place += to.write(octets, place);
    }
  }

  /** Octets from a place on, as many as there are up to the limit. */
  byte[] read(long from, int limit) throws IOException {
    int count = (int) Math.min(limit, end - from);
    if (from < base || count < 0) {
      throw new IllegalArgumentException("octets from " + from + " of " + base + " to " + end);
    }
    long at = baseAt + (from - base);
    byte[] now = memory;
    if (now != null) {
      return Arrays.copyOfRange(now, (int) at, (int) at + count);
    }
    ByteBuffer octets = ByteBuffer.allocate(count);
    FileChannel spilled = file;
    while (spilled != null && octets.hasRemaining()) {
      int got = spilled.read(octets, at + octets.position());
      if (got < 0) {
        throw new IOException("the file of unsettled input is too short");
      }
    }
    return octets.array();
  }

  /** Everything up to here is settled. */
  void settle(long to) throws IOException {
    if (to < base || to > end) {
      throw new IllegalArgumentException("settled at " + to + " of " + base + " to " + end);
    }
    baseAt += to - base;
    base = to;
    if (base == end) {
      forget();
    }
  }

  private void forget() throws IOException {
    memory = null;
    baseAt = 0;
    FileChannel spilled = file;
    if (spilled != null) {
      file = null;
      spilled.close();
    }
  }

  @Override
  public void close() throws IOException {
    forget();
    base = end;
  }
}
