package hikyaku.app.transfer;

import java.io.ByteArrayOutputStream;

/**
 * Messages in files have lines that end in LF, or are kept as they crossed the network. The first
 * line of a file tells which it is.
 */
public final class LineEndings {
  private static final int CR = '\r';
  private static final int LF = '\n';

  private LineEndings() {}

  /** Puts CR before each LF if the first line ends in a bare LF; else nothing is changed. */
  public static byte[] toNetwork(byte[] file) {
    return isLocal(file) ? withCr(file) : file;
  }

  /** The same for a text whose form is known to be local. */
  static byte[] withCr(byte[] file) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(file.length + file.length / 30 + 16);
    for (byte octet : file) {
      if (octet == LF) {
        out.write(CR);
      }
      out.write(octet);
    }
    return out.toByteArray();
  }

  private static boolean isLocal(byte[] file) {
    for (int i = 0; i < file.length; i++) {
      if (file[i] == LF) {
        return i == 0 || file[i - 1] != CR;
      }
    }
    return false;
  }

  /** Takes CR away before each LF; a message that has a bare CR or LF stays as it is. */
  static byte[] toLocal(byte[] message) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(message.length);
    for (int i = 0; i < message.length; i++) {
      boolean ending = message[i] == CR && i + 1 < message.length && message[i + 1] == LF;
      if (ending) {
        out.write(LF);
        i++;
      } else if (message[i] == CR || message[i] == LF) {
        return message;
      } else {
        out.write(message[i]);
      }
    }
    return out.toByteArray();
  }
}
