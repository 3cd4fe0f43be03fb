package hikyaku.app.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MaildirTest {
  @ParameterizedTest
  @CsvSource({
    "Work, .Work",
    "Work/2026, .Work.2026",
    "INBOX/Old, .INBOX.Old",
    "v1.2/a\\b, .v1\\2e2.a\\5cb",
    "Entwürfe, .Entw&APw-rfe",
    "日本語/R&D, .&ZeVnLIqe-.R&-D"
  })
  void namesGoBothWays(String folder, String directory) {
    assertThat(Maildir.directoryName(folder)).isEqualTo(directory);
    assertThat(Maildir.folderName(directory)).isEqualTo(folder);
  }

  @Test
  void aNameThatIsNoModifiedUtf7IsTakenAsItIs() {
    assertThat(Maildir.folderName(".Grüße & mehr")).isEqualTo("Grüße & mehr");
  }

  @Test
  void flagsKeywordsAndDates(@TempDir Path root) throws IOException {
    Path folder = new Maildir(root).make("INBOX");
    Files.writeString(folder.resolve("dovecot-keywords"), "0 work\n1 $Junk\n");
    Path file = folder.resolve("cur/1.a:2,FSbz");
    Files.writeString(file, "Subject: x\n\nText\n");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-02T03:04:05.678Z")));
    Letter letter = Maildir.read(file, Maildir.keywords(folder));
    assertThat(letter.flags()).containsExactly("\\Flagged", "\\Seen", "$Junk");
    assertThat(letter.date()).isEqualTo(Instant.parse("2026-01-02T03:04:05Z"));
    assertThat(letter.content()).asString().isEqualTo("Subject: x\r\n\r\nText\r\n");
  }

  /** What is in new has not been seen, whatever its name says. */
  @Test
  void whatIsNewHasNoFlags(@TempDir Path root) throws IOException {
    Path folder = new Maildir(root).make("INBOX");
    Path file = Files.writeString(folder.resolve("new/2.b:2,S"), "x");
    assertThat(Maildir.read(file, List.of()).flags()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"a\\r\\nb\\r\\n", "a\\r\\nb\\nc\\rd", "a\\r\\n\\n\\r\\n", "''", "x"})
  void lineEndingsComeBackAsTheyWere(String escaped) {
    byte[] message = escaped.translateEscapes().getBytes();
    assertThat(LineEndings.toNetwork(LineEndings.toLocal(message))).isEqualTo(message);
  }
}
