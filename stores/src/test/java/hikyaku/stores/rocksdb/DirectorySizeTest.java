package hikyaku.stores.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a directory takes while it changes. */
final class DirectorySizeTest {
  @TempDir Path directory;

  @Test
  void addsUpFilesAtAllDepths() throws IOException {
    Files.write(directory.resolve("a"), new byte[5]);
    Files.write(Files.createDirectories(directory.resolve("b/c")).resolve("d"), new byte[70]);
    assertThat(DirectorySize.of(directory)).isEqualTo(75);
  }

  @Test
  void whatHasGoneMeanwhileIsNoFailureAndWhatCannotBeReadIs() throws IOException {
    Path gone = directory.resolve("gone");
    DirectorySize size = new DirectorySize();
    assertThat(size.visitFileFailed(gone, new NoSuchFileException("gone")))
        .isEqualTo(FileVisitResult.CONTINUE);
    assertThat(size.postVisitDirectory(gone, new NoSuchFileException("gone")))
        .isEqualTo(FileVisitResult.CONTINUE);
    assertThatThrownBy(() -> size.visitFileFailed(gone, new AccessDeniedException("gone")))
        .isInstanceOf(AccessDeniedException.class);
  }
}
