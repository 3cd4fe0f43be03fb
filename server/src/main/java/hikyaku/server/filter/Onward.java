package hikyaku.server.filter;

import hikyaku.server.dkim.Sealer;
import hikyaku.server.dkim.Signer;
import hikyaku.server.srs.ReturnPaths;

/**
 * What is done to mail that goes on to another service, or that scripts write.
 *
 * @param returnPaths makes its sender
 * @param sealer tells what was found when it came
 * @param signer signs what scripts write, for the domain of its author
 * @param allowance how many mails the scripts of an account may send, besides what is set for all
 */
public record Onward(
    ReturnPaths returnPaths, Sealer sealer, Signer signer, ScriptAllowance allowance) {
  /** Nothing. */
  public static final Onward AS_IT_CAME = new Onward(ReturnPaths.NONE, Sealer.NONE, Signer.NONE);

  /** As many as is set for all. */
  public Onward(ReturnPaths returnPaths, Sealer sealer, Signer signer) {
    this(returnPaths, sealer, signer, ScriptAllowance.UNLIMITED);
  }
}
