package hikyaku.protocol.managesieve;

/** The commands. */
public enum Keyword {
  AUTHENTICATE,
  CAPABILITY,
  CHECKSCRIPT,
  DELETESCRIPT,
  GETSCRIPT,
  HAVESPACE,
  LISTSCRIPTS,
  LOGOUT,
  NOOP,
  PUTSCRIPT,
  RENAMESCRIPT,
  SETACTIVE,
  STARTTLS
}
