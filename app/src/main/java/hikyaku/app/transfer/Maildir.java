package hikyaku.app.transfer;

import hikyaku.app.Failure;
import hikyaku.protocol.imap.MailboxNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A Maildir with the folders of Maildir++: INBOX is the directory itself, and each other folder a
 * directory in it whose name begins with a dot and has dots between levels, in the modified UTF-7
 * of IMAP. A dot or backslash inside a level is written {@code \2e} and {@code \5c}.
 *
 * <p>Flags are the letters behind {@code :2,} of a file's name; the letters a to z are keywords, by
 * the file {@code dovecot-keywords} of the folder. A message's date is its file's time.
 */
final class Maildir {
  private static final Map<Character, String> LETTERS =
      Map.of(
          'D',
          "\\Draft",
          'F',
          "\\Flagged",
          'P',
          "$Forwarded",
          'R',
          "\\Answered",
          'S',
          "\\Seen",
          'T',
          "\\Deleted");
  private static final int KEYWORD_LETTERS = 26;
  private static final String KEYWORDS_FILE = "dovecot-keywords";

  private final Path root;

  Maildir(Path root) {
    this.root = root;
  }

  // ---- reading

  /** Folders by their names, INBOX first. */
  SequencedMap<String, Path> folders() throws IOException, Failure {
    if (!Files.isDirectory(root.resolve("cur"))) {
      throw new Failure(root + " is no Maildir: it has no directory cur.");
    }
    SequencedMap<String, Path> folders = new LinkedHashMap<>();
    folders.put("INBOX", root);
    TreeMap<String, Path> others = new TreeMap<>();
    try (Stream<Path> entries = Files.list(root)) {
      for (Path entry : entries.toList()) {
        String name = entry.getFileName().toString();
        if (name.startsWith(".") && name.length() > 1 && Files.isDirectory(entry.resolve("cur"))) {
          others.put(folderName(name), entry);
        }
      }
    }
    folders.putAll(others);
    return folders;
  }

  /** The files of a folder's messages in the order of their arrival. */
  static List<Path> files(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String part : List.of("cur", "new")) {
      if (Files.isDirectory(folder.resolve(part))) {
        try (Stream<Path> entries = Files.list(folder.resolve(part))) {
          entries
              .filter(file -> !file.getFileName().toString().startsWith("."))
              .filter(Files::isRegularFile)
              .forEach(files::add);
        }
      }
    }
    Map<Path, FileTime> times = new HashMap<>();
    for (Path file : files) {
      times.put(file, Files.getLastModifiedTime(file));
    }
    files.sort(
        Comparator.<Path, FileTime>comparing(times::get)
            .thenComparing(file -> file.getFileName().toString()));
    return files;
  }

  static Letter read(Path file, List<String> keywords) throws IOException {
    List<String> flags = new ArrayList<>();
    String name = file.getFileName().toString();
    int info = name.lastIndexOf(":2,");
    Path part = file.getParent();
    if (info >= 0 && part != null && part.endsWith("cur")) {
      for (char letter : name.substring(info + 3).toCharArray()) {
        int keyword = letter - 'a';
        if (LETTERS.containsKey(letter)) {
          flags.add(LETTERS.get(letter));
        } else if (keyword >= 0 && keyword < keywords.size()) {
          flags.add(keywords.get(keyword));
        }
      }
    }
    Instant date = Files.getLastModifiedTime(file).toInstant().truncatedTo(ChronoUnit.SECONDS);
    return new Letter(LineEndings.toNetwork(Files.readAllBytes(file)), date, flags);
  }

  /** The keywords of a folder, each at the place of its letter. */
  static List<String> keywords(Path folder) throws IOException {
    List<String> keywords = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(folder.resolve(KEYWORDS_FILE))) {
        int space = line.indexOf(' ');
        if (space > 0 && line.substring(0, space).equals(Integer.toString(keywords.size()))) {
          keywords.add(line.substring(space + 1));
        }
      }
    } catch (NoSuchFileException none) {
      return List.of();
    }
    return keywords;
  }

  // ---- writing

  /** A folder's directory, made if it is not there. */
  Path make(String folder) throws IOException {
    Path directory = folder.equals("INBOX") ? root : root.resolve(directoryName(folder));
    for (String part : List.of("cur", "new", "tmp")) {
      Files.createDirectories(directory.resolve(part));
    }
    if (!directory.equals(root) && !Files.exists(directory.resolve("maildirfolder"))) {
      Files.createFile(directory.resolve("maildirfolder"));
    }
    return directory;
  }

  /**
   * Writes a message, or only renames it if it is there with other flags.
   *
   * @param unique names the message for ever
   * @param keywords of the folder so far; new ones are added
   * @param content gives the octets if they are wanted
   * @return whether it was written
   */
  static boolean write(
      Path folder,
      String unique,
      Map<String, Path> present,
      List<String> keywords,
      Instant date,
      List<String> flags,
      Content content)
      throws IOException, Failure {
    Path file = folder.resolve("cur").resolve(unique + ":2," + letters(flags, keywords));
    Path old = present.get(unique);
    if (old != null) {
      if (!old.equals(file)) {
        Files.move(old, file, StandardCopyOption.ATOMIC_MOVE);
      }
      return false;
    }
    Path fresh = folder.resolve("tmp").resolve(unique);
    Files.write(fresh, LineEndings.toLocal(content.get()));
    Files.setLastModifiedTime(fresh, FileTime.from(date));
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  /** Gives a message's octets. */
  @FunctionalInterface
  interface Content {
    byte[] get() throws Failure;
  }

  /** The files that are there, by the unique part of their names. */
  static Map<String, Path> present(Path folder) throws IOException {
    Map<String, Path> present = new HashMap<>();
    for (Path file : files(folder)) {
      String name = file.getFileName().toString();
      int info = name.indexOf(":2,");
      present.put(info < 0 ? name : name.substring(0, info), file);
    }
    return present;
  }

  static void writeKeywords(Path folder, List<String> keywords) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String keyword : keywords) {
      lines.add(lines.size() + " " + keyword);
    }
    if (!lines.isEmpty()) {
      Files.write(folder.resolve(KEYWORDS_FILE), lines);
    }
  }

  private static String letters(List<String> flags, List<String> keywords) {
    StringBuilder letters = new StringBuilder();
    for (String flag : flags) {
      LETTERS.entrySet().stream()
          .filter(entry -> entry.getValue().equalsIgnoreCase(flag))
          .findFirst()
          .ifPresentOrElse(
              entry -> letters.append(entry.getKey().charValue()),
              () -> keywordLetter(flag, keywords, letters));
    }
    return letters
        .chars()
        .sorted()
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  /** There are letters for 26; a keyword beyond them is lost in this format. */
  private static void keywordLetter(String keyword, List<String> keywords, StringBuilder letters) {
    if (!keywords.contains(keyword) && keywords.size() < KEYWORD_LETTERS) {
      keywords.add(keyword);
    }
    int place = keywords.indexOf(keyword);
    if (place >= 0) {
      letters.append((char) ('a' + place));
    }
  }

  // ---- names

  static String folderName(String directory) {
    StringBuilder name = new StringBuilder();
    for (String level : directory.substring(1).split("\\.", -1)) {
      String decoded = MailboxNames.decode(level, false);
      name.append(name.isEmpty() ? "" : "/")
          .append((decoded == null ? level : decoded).replace("\\2e", ".").replace("\\5c", "\\"));
    }
    return name.toString();
  }

  static String directoryName(String folder) {
    StringBuilder name = new StringBuilder();
    for (String level : folder.split("/", -1)) {
      name.append('.')
          .append(MailboxNames.encode(level.replace("\\", "\\5c").replace(".", "\\2e"), false));
    }
    return name.toString();
  }
}
