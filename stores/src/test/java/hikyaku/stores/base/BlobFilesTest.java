package hikyaku.stores.base;

import static org.assertj.core.api.Assertions.assertThat;

import hikyaku.mailbox.store.BlobId;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlobFilesTest {
  private static final String HEX = "ab".repeat(32);

  @TempDir Path directory;

  @Test
  void listsItsOwnFilesAlone() throws Exception {
    try (BlobFiles files = new BlobFiles(directory, "test")) {
      files.prepare();
      BlobFiles.Upload upload = files.begin(7);
      upload.write(ByteBuffer.wrap(new byte[] {1, 2, 3}));
      upload.finish(BlobId.parse(HEX));
      Path part = directory.resolve("ab");
      Files.createFile(part.resolve(HEX + "-9999999999999999999"));
      Files.createFile(part.resolve(HEX + "-x"));
      Files.createFile(part.resolve("notes"));

      assertThat(files.kept(0xab))
          .containsExactly(new BlobFiles.Kept(part.resolve(HEX + "-7"), BlobId.parse(HEX), 7));
    }
  }
}
