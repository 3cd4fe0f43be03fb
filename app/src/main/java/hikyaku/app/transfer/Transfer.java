package hikyaku.app.transfer;

import hikyaku.app.Door;
import hikyaku.app.Failure;
import hikyaku.app.Reason;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Moves mail between an account and files. */
public final class Transfer {
  private static final String MBOX = ".mbox";

  private final Account account;
  private final Consumer<Folder> progress;

  /**
   * What was done with a folder.
   *
   * @param moved messages brought or written
   * @param present messages that were there already
   */
  public record Folder(String name, long moved, long present) {}

  /**
   * @param progress told of each folder when it is done
   */
  public Transfer(Door door, String address, Consumer<Folder> progress) {
    this.account = new Account(door, address);
    this.progress = progress;
  }

  /** Brings a Maildir in, with its folders. */
  public void importMaildir(Path directory) throws Failure {
    try {
      for (Map.Entry<String, Path> folder : new Maildir(directory).folders().entrySet()) {
        Account.Filling filling = account.fill(folder.getKey());
        List<String> keywords = Maildir.keywords(folder.getValue());
        long moved = 0;
        long present = 0;
        for (Path file : Maildir.files(folder.getValue())) {
          if (filling.put(Maildir.read(file, keywords))) {
            moved++;
          } else {
            present++;
          }
        }
        progress.accept(new Folder(folder.getKey(), moved, present));
      }
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
  }

  /** Brings an mbox file into a folder. */
  public void importMbox(Path file, String folder) throws Failure {
    long[] counts = new long[2];
    try (InputStream in = Files.newInputStream(file)) {
      Account.Filling filling = account.fill(folder);
      Mbox.<Failure>read(
          in,
          Files.getLastModifiedTime(file).toInstant().truncatedTo(ChronoUnit.SECONDS),
          letter -> counts[filling.put(letter) ? 0 : 1]++);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    progress.accept(new Folder(folder, counts[0], counts[1]));
  }

  /** Brings in all files of a directory whose names end in {@code .mbox}, each as its folder. */
  public void importMboxes(Path directory) throws Failure {
    SequencedMap<String, Path> files = new LinkedHashMap<>();
    try (Stream<Path> found = Files.walk(directory)) {
      for (Path file : found.filter(Files::isRegularFile).sorted().toList()) {
        String name = directory.relativize(file).toString().replace('\\', '/');
        if (name.endsWith(MBOX)) {
          files.put(name.substring(0, name.length() - MBOX.length()), file);
        }
      }
    } catch (IOException e) {
      throw unreadable(directory, e);
    }
    if (files.isEmpty()) {
      throw new Failure("There is no file in " + directory + " whose name ends in " + MBOX + ".");
    }
    for (Map.Entry<String, Path> file : files.entrySet()) {
      importMbox(file.getValue(), file.getKey());
    }
  }

  /** Writes all folders into a Maildir. */
  public void exportMaildir(Path directory) throws Failure {
    try {
      Maildir maildir = new Maildir(directory);
      for (String folder : account.folders()) {
        Path place = maildir.make(folder);
        Map<String, Path> present = Maildir.present(place);
        List<String> keywords = new ArrayList<>(Maildir.keywords(place));
        long uidValidity = account.uidValidity(folder);
        long moved = 0;
        long there = 0;
        for (Account.Stored message : account.messages(folder)) {
          String unique =
              "%d.V%dU%d.hikyaku"
                  .formatted(message.date().getEpochSecond(), uidValidity, message.uid());
          boolean written =
              Maildir.write(
                  place,
                  unique,
                  present,
                  keywords,
                  message.date(),
                  message.flags(),
                  () -> account.content(folder, message.uid()));
          moved += written ? 1 : 0;
          there += written ? 0 : 1;
        }
        Maildir.writeKeywords(place, keywords);
        progress.accept(new Folder(folder, moved, there));
      }
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  /** Writes each folder into an mbox file of its name, which it replaces. */
  public void exportMboxes(Path directory) throws Failure {
    try {
      for (String folder : account.folders()) {
        Path file = directory.resolve(folder + MBOX);
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".part");
        long moved = 0;
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(fresh))) {
          for (Account.Stored message : account.messages(folder)) {
            byte[] content = account.content(folder, message.uid());
            Mbox.write(out, new Letter(content, message.date(), message.flags()));
            moved++;
          }
        }
        Files.move(
            fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        progress.accept(new Folder(folder, moved, 0));
      }
    } catch (IOException e) {
      throw unwritable(directory, e);
    }
  }

  private static Failure unreadable(Path path, IOException e) {
    return new Failure(path + " cannot be read: " + Reason.of(e) + ".", e);
  }

  private static Failure unwritable(Path path, IOException e) {
    return new Failure(
        path + " cannot be written: " + e.getMessage() + ". Run it again when it can.", e);
  }
}
