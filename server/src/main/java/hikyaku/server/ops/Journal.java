package hikyaku.server.ops;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process has logged, kept to be searched: files of JSON lines, each as long as a
 * fraction of all of them, the oldest of which goes when there are too many. Whoever logs never
 * waits for the disk: lines gather in memory and are written by a thread of the journal's own, not
 * synced. A line that comes alone is written at once, one in a throng within some milliseconds,
 * together with others. The last ones can be lost with the machine, not with the process' clients.
 */
public final class Journal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  /** So many files hold all that may be kept. */
  private static final int FILES = 16;

  /** Each is searched in memory. */
  private static final int LARGEST_FILE = 16 * 1024 * 1024;

  private static final int SMALLEST_FILE = 64 * 1024;

  /** Octets that may wait for the disk; beyond them lines are dropped, and counted. */
  private static final int WAITING = 8 * 1024 * 1024;

  /** Between two writes: to wake a thread for each line would cost more than the line. */
  private static final Duration REST = Duration.ofMillis(20);

  private static final Duration COMPLAIN = Duration.ofMinutes(1);
  private static final String PREFIX = "journal-";
  private static final String SUFFIX = ".jsonl";

  private final Path directory;
  private final long most;
  private final int fileSize;
  private final Duration age;
  private final Thread writer;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition some = lock.newCondition();
  private final Condition restEnds = lock.newCondition();
  private final Condition flushed = lock.newCondition();

  /** Somebody waits for the files: no rest now. */
  private boolean hurried;

  private ByteArrayOutputStream waiting = new ByteArrayOutputStream();
  private long taken;
  private long written;
  private long dropped;
  private boolean closed;

  // Of the writer alone.
  private @Nullable OutputStream out;
  private Path file;
  private long size;
  private long complained = System.nanoTime() - COMPLAIN.toNanos();

  private Journal(Path directory, long most, Duration age) throws IOException {
    this.directory = directory;
    this.most = most;
    this.age = age;
    this.fileSize = (int) Math.clamp(most / FILES, SMALLEST_FILE, LARGEST_FILE);
    List<Path> there = files();
    this.file = there.isEmpty() ? directory.resolve(name(1)) : there.getLast();
    this.writer = Thread.ofPlatform().daemon().name("journal").unstarted(this::write);
  }

  /**
   * Opens the journal of a directory, which is made if it is not there.
   *
   * @param most octets that are kept in all
   * @param age how long lines are kept
   */
  public static Journal open(Path directory, long most, Duration age) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Journal journal = new Journal(directory, most, age);
    journal.writer.start();
    return journal;
  }

  /**
   * Adds a line; does not wait.
   *
   * @param line with its line feed, the only one
   */
  public void append(byte[] line) {
    lock.lock();
    try {
      if (closed || waiting.size() + line.length > WAITING) {
        dropped++;
        return;
      }
      waiting.writeBytes(line);
      taken++;
      some.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Lines that were dropped, as they came faster than the disk takes them. */
  public long dropped() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until what was added before is in the files, or the time is up. */
  void flush(Duration atMost) throws InterruptedException {
    lock.lock();
    try {
      long wanted = taken;
      long left = atMost.toNanos();
      while (written < wanted && left > 0 && !closed) {
        hurried = true;
        restEnds.signal();
        left = flushed.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }

  /** The files there are, the oldest first. */
  List<Path> files() throws IOException {
    return files(directory);
  }

  /** The files of a journal that need not be open. */
  static List<Path> files(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(directory, PREFIX + "*" + SUFFIX)) {
      all.forEach(files::add);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    files.sort(null);
    return files;
  }

  private static String name(long number) {
    return PREFIX + String.format(java.util.Locale.ROOT, "%012d", number) + SUFFIX;
  }

  private void write() {
    boolean last = false;
    while (!last) {
      ByteArrayOutputStream lines;
      long upTo;
      lock.lock();
      try {
        while (waiting.size() == 0 && !closed) {
          some.awaitUninterruptibly();
        }
        hurried = false;
        lines = waiting;
        waiting = new ByteArrayOutputStream(Math.min(lines.size(), SMALLEST_FILE));
        upTo = taken;
        last = closed;
      } finally {
        lock.unlock();
      }
      try {
        write(lines);
      } catch (IOException e) {
        complain(e);
      }
      lock.lock();
      try {
        written = upTo;
        flushed.signalAll();
        rest();
      } finally {
        lock.unlock();
      }
    }
    closeFile();
  }

  /** Under the lock, which is free meanwhile. */
  private void rest() {
    long left = REST.toNanos();
    while (left > 0 && !hurried && !closed) {
      try {
        left = restEnds.awaitNanos(left);
      } catch (InterruptedException nobodyDoes) {
        return;
      }
    }
  }

  /**
   * Lines are not split between files, nor are those of one gathering: files may be a bit longer.
   */
  private void write(ByteArrayOutputStream lines) throws IOException {
    if (lines.size() == 0) {
      return;
    }
    OutputStream to = out;
    if (to == null || size >= fileSize) {
      to = next();
    }
    size += lines.size();
    lines.writeTo(to);
  }

  private OutputStream next() throws IOException {
    closeFile();
    if (Files.exists(file) && Files.size(file) >= fileSize) {
      String name = file.getFileName().toString();
      long number =
          Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
      file = directory.resolve(name(number + 1));
    }
    tidy();
    if (!Files.exists(file)) {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    size = Files.size(file);
    OutputStream opened = Files.newOutputStream(file, StandardOpenOption.APPEND);
    out = opened;
    if (!endsWithLine()) {
      // A line that was cut off with the process stays alone.
      opened.write('\n');
      size++;
    }
    return opened;
  }

  private boolean endsWithLine() throws IOException {
    if (size == 0) {
      return true;
    }
    try (RandomAccessFile end = new RandomAccessFile(file.toFile(), "r")) {
      end.seek(size - 1);
      return end.read() == '\n';
    }
  }

  /** Takes away what is too old, and the oldest of what is too much. */
  private void tidy() throws IOException {
    List<Path> there = files();
    long all = fileSize;
    FileTime oldest = FileTime.from(Instant.now().minus(age));
    for (Path each : there.reversed()) {
      if (each.equals(file)) {
        continue;
      }
      all += Files.size(each);
      if (all > most || Files.getLastModifiedTime(each).compareTo(oldest) < 0) {
        Files.deleteIfExists(each);
      }
    }
  }

  private void closeFile() {
    OutputStream open = out;
    out = null;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        complain(e);
      }
    }
  }

  private void complain(IOException e) {
    closeFile();
    long now = System.nanoTime();
    if (now - complained >= COMPLAIN.toNanos()) {
      complained = now;
      LOG.atWarn()
          .addKeyValue("file", file)
          .addKeyValue("cause", e.getMessage())
          .log("what is logged cannot be kept to be searched");
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      some.signal();
      restEnds.signal();
      flushed.signalAll();
    } finally {
      lock.unlock();
    }
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
