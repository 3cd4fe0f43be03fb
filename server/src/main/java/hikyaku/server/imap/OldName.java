package hikyaku.server.imap;

import hikyaku.mailbox.account.FolderName;
import hikyaku.protocol.imap.Data;
import java.io.IOException;
import java.util.List;

/**
 * Tells clients of IMAP4rev2 what became of names that they wrote in another form than folders have
 * (RFC 9051 §6.3.9.7): in decomposed Unicode, with a separator at the end, with another address of
 * whose folder it is.
 */
final class OldName {
  private OldName() {}

  /**
   * Tells it of a name that is not as it was asked for.
   *
   * @param attributes with their backslash
   * @param name as the folder has it for this session
   * @param asked as the client wrote it
   */
  static void tell(Session session, List<String> attributes, String name, String asked)
      throws IOException {
    if (!name.equals(asked)) {
      tellAnyway(session, attributes, name, asked);
    }
  }

  /** The same where another name than this was written in another form. */
  static void tellAnyway(Session session, List<String> attributes, String name, String asked)
      throws IOException {
    if (session.state.rev2()) {
      session.out.data(
          new Data.Listed(false, attributes, FolderName.SEPARATOR, name, List.of(), asked));
    }
  }
}
