package hikyaku.server.reports;

import static java.nio.charset.StandardCharsets.US_ASCII;

import hikyaku.protocol.mime.MailDate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Base64;
import java.util.zip.GZIPOutputStream;

/**
 * A report as a message: some words for people, and the report itself, compressed.
 *
 * @param id unique for ever, of characters that a Message-ID and a boundary may have
 * @param about the domain that it is about
 * @param submitter who reports
 * @param reportId the Report-ID
 * @param fields more fields of the header, each with its LF
 * @param type of the whole, and its parameters but the boundary
 * @param words for people
 * @param contentType of the report
 * @param fileName of the report
 * @param content of the report, compressed
 */
public record ReportLetter(
    String id,
    String about,
    String submitter,
    String reportId,
    String fields,
    String type,
    String words,
    String contentType,
    String fileName,
    byte[] content) {

  /** The message, with its line endings. */
  String text(String from, String to, Instant now) {
    return """
    From: <%1$s>
    To: <%2$s>
    Date: %3$s
    Message-ID: <%4$s@%6$s>
    Subject: Report Domain: %5$s Submitter: %6$s
     Report-ID: <%7$s>
    %8$sAuto-Submitted: auto-generated
    MIME-Version: 1.0
    Content-Type: %9$s;
     boundary="%10$s"

    --%10$s
    Content-Type: text/plain; charset=us-ascii

    %11$s

    --%10$s
    Content-Type: %12$s
    Content-Transfer-Encoding: base64
    Content-Disposition: attachment;
     filename="%13$s"

    %14$s
    --%10$s--
    """
        .formatted(
            from,
            to,
            MailDate.of(now),
            id,
            about,
            submitter,
            reportId,
            fields,
            type,
            "=_report",
            words,
            contentType,
            fileName,
            new String(
                Base64.getMimeEncoder(76, "\n".getBytes(US_ASCII)).encode(content), US_ASCII))
        .replace("\n", "\r\n");
  }

  /** By GZIP, the same for the same octets. */
  public static byte[] compressed(byte[] octets) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(octets);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // it goes to memory
    }
    return out.toByteArray();
  }
}
