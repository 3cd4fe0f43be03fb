package hikyaku.protocol.mime;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Spoils octets in the ways mail is spoiled. */
final class Mutations {
  private static final List<String> MORSELS =
      List.of(
          "\r\n",
          "\n",
          "\r",
          "\r\n\r\n",
          "--",
          "\"",
          "(",
          "<",
          ">",
          ";",
          ":",
          "=",
          "=?",
          "?=",
          "=?utf-8?B?",
          "\0",
          "\u00ff",
          " ",
          "\t",
          ",",
          "@",
          "\\",
          "*0*=",
          "%",
          "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
          "Content-Type: message/rfc822\r\n\r\n",
          "Content-Transfer-Encoding: base64\r\n",
          "Content-Disposition: attachment; filename*0*=utf-8''%e2; filename*1*=%82%ac\r\n",
          "From: a (b <c@d>, \"e, f: g;\r\n");

  private Mutations() {}

  static byte[] spoil(byte[] original, List<Corpus.Message> others, Random random) {
    byte[] octets = original.clone();
    int times = 1 + random.nextInt(6);
    for (int time = 0; time < times; time++) {
      octets = spoilOnce(octets, others, random);
    }
    return octets;
  }

  private static byte[] spoilOnce(byte[] octets, List<Corpus.Message> others, Random random) {
    int at = random.nextInt(octets.length + 1);
    int until = Math.min(octets.length, at + random.nextInt(40));
    return switch (random.nextInt(7)) {
      case 0 -> join(Arrays.copyOf(octets, at), Arrays.copyOfRange(octets, until, octets.length));
      case 1 -> Arrays.copyOf(octets, at);
      case 2 -> {
        byte[] changed = octets.clone();
        if (at < changed.length) {
          changed[at] = (byte) random.nextInt(256);
        }
        yield changed;
      }
      case 3 -> {
        byte[] other = others.get(random.nextInt(others.size())).octets();
        int from = random.nextInt(other.length);
        int to = Math.min(other.length, from + random.nextInt(300));
        yield insert(octets, at, Arrays.copyOfRange(other, from, to));
      }
      case 4 -> insert(octets, at, Arrays.copyOfRange(octets, at, until));
      case 5 -> {
        // Another line ending throughout.
        String ending = List.of("\n", "\r", "\r\n").get(random.nextInt(3));
        String text = new String(octets, StandardCharsets.ISO_8859_1);
        yield text.replaceAll("\r\n|\n|\r", ending).getBytes(StandardCharsets.ISO_8859_1);
      }
      default ->
          insert(
              octets,
              at,
              MORSELS.get(random.nextInt(MORSELS.size())).getBytes(StandardCharsets.ISO_8859_1));
    };
  }

  private static byte[] insert(byte[] octets, int at, byte[] inserted) {
    return join(
        join(Arrays.copyOf(octets, at), inserted), Arrays.copyOfRange(octets, at, octets.length));
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }
}
