# library(jsonlite) writes with all digits; data frames become lists of rows.
suppressPackageStartupMessages(library(jsonlite))
wj <- function(x, f) writeLines(toJSON(x, digits=NA, auto_unbox=TRUE, pretty=TRUE, na="null", null="null"), f)
nv <- function(x) as.list(setNames(as.numeric(x), names(x)))
vers <- function(...) sapply(c("base",...), function(p) as.character(packageVersion(p)), simplify=FALSE)
suppressPackageStartupMessages({library(lme4); library(lmerTest); library(pbkrtest); library(emmeans)})
data(sleepstudy); write.csv(sleepstudy,"sleepstudy.csv",row.names=FALSE)
g<-function(m){ s<-summary(m); k<-if(isREML(m)) summary(m,ddf="Kenward-Roger") else s; vc<-as.data.frame(VarCorr(m)); list(REML=isREML(m),logLik=as.numeric(logLik(m)),AIC=AIC(m),BIC=BIC(m),deviance=if(isREML(m)) REMLcrit(m) else deviance(m),fixef=as.data.frame(s$coefficients),fixef_KR=as.data.frame(k$coefficients),varcorr=vc,anova_satt=as.data.frame(anova(m)),ranef_first3=head(ranef(m)[[1]],3),sigma=sigma(m)) }
m1<-lmer(Reaction~Days+(Days|Subject),sleepstudy); m0<-lmer(Reaction~Days+(1|Subject),sleepstudy); mz<-lmer(Reaction~Days+(Days||Subject),sleepstudy); mm<-lmer(Reaction~Days+(Days|Subject),sleepstudy,REML=FALSE)
n<-lmer(Reaction~1+(Days|Subject),sleepstudy,REML=FALSE); a<-anova(n,mm); set.seed(1); prof<-confint(mm,method="profile",quiet=TRUE); wald<-confint(m1,method="Wald")
fx<-function(m){vf<-var(as.numeric(model.matrix(m)%*%fixef(m))); X<-model.matrix(m); vr<-sum(sapply(VarCorr(m),function(S){Z<-X[,rownames(S),drop=FALSE]; sum(diag(Z%*%S%*%t(Z)))/nrow(Z)})); ve<-sigma(m)^2; list(R2m=vf/(vf+vr+ve),R2c=(vf+vr)/(vf+vr+ve))}
i<-VarCorr(m0); out<-list(versions=vers("lme4","lmerTest","pbkrtest"),random_slope=g(m1),random_intercept=g(m0),uncorrelated=g(mz),random_slope_ML=g(mm),LRT_Days=as.data.frame(a),profile_ci_ML=as.data.frame(prof),wald_ci=as.data.frame(wald),nakagawa=list(slope=fx(m1),intercept=fx(m0)),icc=as.numeric(i$Subject)/(as.numeric(i$Subject)+sigma(m0)^2))
wj(out,"golden.json")
