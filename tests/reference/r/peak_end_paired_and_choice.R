# library(jsonlite) writes with all digits; data frames become lists of rows.
suppressPackageStartupMessages(library(jsonlite))
wj <- function(x, f) writeLines(toJSON(x, digits=NA, auto_unbox=TRUE, pretty=TRUE, na="null", null="null"), f)
nv <- function(x) as.list(setNames(as.numeric(x), names(x)))
vers <- function(...) sapply(c("base",...), function(p) as.character(packageVersion(p)), simplify=FALSE)
suppressPackageStartupMessages({library(effectsize); library(BayesFactor); library(boot)})
data(sleep); w<-reshape(sleep,idvar="ID",timevar="group",direction="wide"); x<-w$extra.1; y<-w$extra.2; write.csv(data.frame(id=w$ID,x=x,y=y),"sleep_wide.csv",row.names=FALSE)
nct<-function(t,df,conf=.95){ a<-(1-conf)/2; f<-function(p,lo,hi) uniroot(function(n) suppressWarnings(pt(t,df,n))-p,c(lo,hi),tol=1e-12)$root; s<-max(5,6*sqrt(1+t^2/(2*df))); c(f(1-a,t-s,t+s),f(a,t-s,t+s)) }
paired<-function(x,y){ d<-x-y; n<-length(d); tt<-t.test(x,y,paired=TRUE); t<-unname(tt$statistic); dz<-mean(d)/sd(d); J<-exp(lgamma((n-1)/2)-lgamma((n-2)/2)-.5*log((n-1)/2)); ci<-nct(t,n-1)/sqrt(n); r<-cor(x,y); e<-suppressMessages(effectsize::cohens_d(x,y,paired=TRUE)); h<-suppressMessages(effectsize::hedges_g(x,y,paired=TRUE))
 sav<-sqrt((var(x)+var(y))/2); drm<-mean(d)/sd(d)*sqrt(2*(1-r)); w<-wilcox.test(x,y,paired=TRUE,exact=FALSE,correct=TRUE); ds<-d[d!=0]; rk<-rank(abs(ds)); rb<-(sum(rk[ds>0])-sum(rk[ds<0]))/sum(rk)
 list(n=n,mean_diff=mean(d),sd_diff=sd(d),t=t,df=n-1,p=tt$p.value,ci=as.numeric(tt$conf.int),r=r,dz=dz,J_exact=J,J_approx=1-3/(4*(n-1)-1),gz=dz*J,dz_ci_nct_exact=ci,effectsize_d=list(d=e$Cohens_d,lo=e$CI_low,hi=e$CI_high),effectsize_g=list(g=h$Hedges_g,lo=h$CI_low,hi=h$CI_high),dav=mean(d)/sav,drm=drm,wilcoxon_V=unname(w$statistic),wilcoxon_p_normal_cc=w$p.value,matched_rank_biserial=rb) }
out<-list(versions=vers("effectsize","BayesFactor"),sleep=paired(x,y))
bf<-ttestBF(x,y,paired=TRUE,rscale="medium"); out$sleep$BF10_r0.707<-as.numeric(as.vector(bf)); out$sleep$BF10_r1<-as.numeric(as.vector(ttestBF(x,y,paired=TRUE,rscale="wide")))
tost<-function(x,y,lo,hi,paired=TRUE,var.equal=FALSE){ a<-t.test(x,y,paired=paired,mu=lo,alternative="greater",var.equal=var.equal); b<-t.test(x,y,paired=paired,mu=hi,alternative="less",var.equal=var.equal); c90<-t.test(x,y,paired=paired,conf.level=.9,var.equal=var.equal)$conf.int; list(bounds=c(lo,hi),t_lower=unname(a$statistic),p_lower=a$p.value,t_upper=unname(b$statistic),p_upper=b$p.value,df=unname(a$parameter),p_tost=max(a$p.value,b$p.value),ci90=as.numeric(c90)) }
out$sleep$tost_pm2.5<-tost(x,y,-2.5,2.5); 
# two independent samples: two-sample on sleep groups
i<-t.test(x,y); s<-t.test(x,y,var.equal=TRUE); e<-effectsize::cohens_d(x,y); out$indep<-list(welch=list(t=unname(i$statistic),df=unname(i$parameter),p=i$p.value,ci=as.numeric(i$conf.int)),student=list(t=unname(s$statistic),p=s$p.value),d=e$Cohens_d,d_ci=c(e$CI_low,e$CI_high),tost_welch=tost(x,y,-3,3,FALSE),BF10=as.numeric(as.vector(ttestBF(x,y))),mannwhitney_U=unname(wilcox.test(x,y,exact=FALSE)$statistic),mw_p=wilcox.test(x,y,exact=FALSE)$p.value)
# the effectsize 0.8.3 problem: large t
# binomial / choice results used by peak-end replications
bt<-binom.test(22,32); b1<-binom.test(22,32,alternative="greater"); out$kahneman1993_choice<-list(x=22,n=32,prop=22/32,p_two_sided=bt$p.value,p_one_sided=b1$p.value,clopper_pearson=as.numeric(bt$conf.int),wilson=as.numeric(prop.test(22,32,correct=FALSE)$conf.int),midp_two=2*(sum(dbinom(23:32,32,.5))+.5*dbinom(22,32,.5)),BF10_beta11=(beta(23,11)/(0.5^32)))
f<-fisher.test(matrix(c(17,4,5,6),2,byrow=TRUE)); out$kahneman1993_subgroup<-list(table=list(c(17,4),c(5,6)),OR=unname(f$estimate),p=f$p.value,chisq_nocc=unname(chisq.test(matrix(c(17,4,5,6),2,byrow=TRUE),correct=FALSE)$statistic),chisq_p=chisq.test(matrix(c(17,4,5,6),2,byrow=TRUE),correct=FALSE)$p.value)
m<-mcnemar.test(matrix(c(20,5,14,11),2),correct=FALSE); mc<-mcnemar.test(matrix(c(20,5,14,11),2)); out$mcnemar<-list(table=list(c(20,14),c(5,11)),chisq=unname(m$statistic),p=m$p.value,chisq_cc=unname(mc$statistic),p_cc=mc$p.value,exact_p=binom.test(5,19)$p.value)
p<-c(.001,.008,.039,.041,.042,.06,.074,.205,.212,.216,.222,.251,.269,.275,.34,.341,.384,.569,.594,.696,.762,.94,.942,.975,.986); out$p_adjust<-list(p=p,res=sapply(c("bonferroni","holm","hochberg","hommel","BH","BY"),function(m) p.adjust(p,m),simplify=FALSE))
wj(out,"golden.json")
