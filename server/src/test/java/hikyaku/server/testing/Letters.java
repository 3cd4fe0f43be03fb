package hikyaku.server.testing;

import hikyaku.protocol.mime.Corpus;
import hikyaku.protocol.mime.FoldedSink;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;

/** Messages in many languages and encodings, and strings to look for in them. */
public final class Letters {
  private static final List<String> WORDS =
      List.of(
          "hello",
          "Report",
          "of",
          "the",
          "YEAR",
          "straße",
          "ÄRGER",
          "naïve",
          "検索",
          "東京都",
          "全文検索エンジン",
          "メール",
          "ﾒｰﾙ",
          "かな",
          "中文搜索",
          "邮件系统",
          "한국어",
          "메일",
          "Привет",
          "мир",
          "ΟΔΥΣΣΕΥΣ",
          "ελληνικά",
          "İstanbul",
          "ﬁn",
          "🙂",
          "👩‍💻",
          "a",
          "x",
          "שלום",
          "مرحبا",
          "e\u0301t\u00e9",
          "100%",
          "<b>",
          "--",
          "\"q\"");
  private static final List<String> CHARSETS =
      List.of("utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "gb18030", "big5", "euc-kr", "koi8-r");

  private final Random random;

  public Letters(long seed) {
    random = new Random(seed);
  }

  /** The messages of the corpus, real and broken. */
  public static List<byte[]> corpus() {
    return Corpus.all().stream().map(Corpus.Message::octets).toList();
  }

  /** A message like no other. */
  public byte[] letter() {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    put(octets, "From: =?utf-8?B?" + base64(words(2), "utf-8") + "?= <" + ascii() + "@x.test>\r\n");
    put(octets, "To: " + ascii() + "@y.test, \"" + ascii() + " Z\" <z@y.test>\r\n");
    put(octets, "Subject: =?utf-8?B?" + base64(words(3), "utf-8") + "?=\r\n");
    put(octets, "X-" + ascii() + ": " + ascii() + " " + ascii() + "\r\n");
    switch (random.nextInt(4)) {
      case 0 -> part(octets, "text/plain");
      case 1 -> {
        put(octets, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
        put(octets, "--b\r\n");
        part(octets, "text/html");
        put(
            octets,
            "\r\n--b\r\nContent-Disposition: attachment; filename=\"" + ascii() + ".txt\"\r\n");
        part(octets, "text/csv");
        put(
            octets,
            "\r\n--b\r\nContent-Type: application/pdf; name=\"" + ascii() + ".pdf\"\r\n\r\n");
        put(octets, ascii() + "\r\n--b--\r\n");
      }
      case 2 -> {
        put(octets, "Content-Type: message/rfc822\r\n\r\nSubject: " + ascii() + "\r\n");
        part(octets, "text/plain");
      }
      default -> {
        put(octets, "\r\n");
        for (int i = random.nextInt(400); i > 0; i--) {
          octets.write(random.nextInt(1, 256));
        }
      }
    }
    return octets.toByteArray();
  }

  private void part(ByteArrayOutputStream octets, String type) {
    String charset = CHARSETS.get(random.nextInt(CHARSETS.size()));
    put(octets, "Content-Type: " + type + "; charset=" + charset + "\r\n");
    put(octets, "Content-Transfer-Encoding: base64\r\n\r\n");
    put(octets, base64(words(random.nextInt(1, 120)), charset) + "\r\n");
  }

  private static void put(ByteArrayOutputStream octets, String text) {
    octets.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String base64(String text, String charset) {
    return Base64.getEncoder().encodeToString(text.getBytes(Charset.forName(charset)));
  }

  private String ascii() {
    return Integer.toString(random.nextInt(1 << 20), 36);
  }

  private String words(int count) {
    StringBuilder words = new StringBuilder();
    for (int i = 0; i < count; i++) {
      words
          .append(WORDS.get(random.nextInt(WORDS.size())))
          .append(random.nextInt(3) == 0 ? "" : " ");
    }
    return words.toString();
  }

  /** A piece of a text, sometimes not quite, or something that may be nowhere. */
  public String wanted(String text) {
    int[] characters = text.codePoints().toArray();
    if (characters.length == 0 || random.nextInt(8) == 0) {
      return words(1).strip();
    }
    int length = Math.min(characters.length, 1 + random.nextInt(random.nextInt(4) == 0 ? 40 : 6));
    int from = random.nextInt(characters.length - length + 1);
    if (random.nextInt(6) == 0) {
      characters[from + random.nextInt(length)] =
          "qQ検é🙂".codePoints().toArray()[random.nextInt(5)];
    }
    String piece = new String(characters, from, length);
    return random.nextBoolean() ? piece : piece.toUpperCase(java.util.Locale.ROOT);
  }

  /** Keeps the texts that it is handed. */
  public static final class Keeping extends FoldedSink {
    private final List<String> texts = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();

    /** All texts so far, their case folded. */
    public List<String> texts() {
      begin();
      return texts;
    }

    @Override
    protected void between() {
      if (!text.isEmpty()) {
        texts.add(text.toString());
        text.setLength(0);
      }
    }

    @Override
    protected void codePoint(int folded) {
      text.appendCodePoint(folded);
    }

    @Override
    public boolean isOver() {
      return false;
    }
  }
}
